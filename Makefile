# Everything is a plain go command; these are the longer ones.
.PHONY: build test check fuzz boards demo

build:           ## the program, for this machine
	CGO_ENABLED=0 go build -trimpath -o wvsms ./cmd/wvsms

test:            ## what CI runs first
	go test ./...

check:           ## all that CI runs (installs what it needs)
	.ci/run

fuzz:            ## every fuzz target for 10 minutes, one after the other
	.ci/fuzz 10m

boards:          ## Raspberry Pi Zero, Pi 3 and later, PC
	CGO_ENABLED=0 GOARCH=arm GOARM=6 go build -trimpath -o wvsms-armv6 ./cmd/wvsms
	CGO_ENABLED=0 GOARCH=arm64 go build -trimpath -o wvsms-arm64 ./cmd/wvsms
	CGO_ENABLED=0 GOARCH=amd64 go build -trimpath -o wvsms-amd64 ./cmd/wvsms

demo:
	go run ./cmd/wvsms demo
