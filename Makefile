# Everything is a plain go command; these are the longer ones.
.PHONY: build test check fuzz chaos floods boards package package-test systemd demo bench bench-update bench-render

build:           ## the program, for this machine
	CGO_ENABLED=0 go build -trimpath -o wvsms ./cmd/wvsms

test:            ## what CI runs first
	go test ./...

check:           ## all that CI runs (installs what it needs)
	.ci/run

fuzz:            ## every fuzz target for 10 minutes, one after the other
	.ci/fuzz 10m

# Bridges as processes send each other 10,000 messages over a network and modems that an
# adversary has in hand, and are killed 1,000 times; then everything that was accepted is
# held against everything that arrived. It takes half an hour on two cores; only root can
# fill disks. A seed that fails prints the command that makes the same attack again, and
# keeps its transcript.
chaos:           ## 10,000 messages, 1,000 kills, 20 seeds
	go test ./cmd/wvsms -run 'TestChaos$$' -count=1 -timeout=90m -v -args \
	  -chaos.messages=10000 -chaos.kills=1000 -chaos.seeds=20 -chaos.bridges=5 -chaos.disk

floods:          ## 100,000 datagrams through 8-bit references, 1,000,000 first segments, a line of 1 GiB: half an hour
	go test ./pdu/wdp -v -run 'TestReference(Wrap|Reused)$$' -wrap.datagrams=100000 -rapid.checks=10 -rapid.shrinktime=1ns -timeout 30m
	go test ./bridge -v -run TestFlood -flood.full -timeout 60m
	go test ./cmd/wvsms -v -run 'TestFlood$$' -flood.full -timeout 30m

boards:          ## Raspberry Pi Zero, Pi 3 and later, PC
	CGO_ENABLED=0 GOARCH=arm GOARM=6 go build -trimpath -o wvsms-armv6 ./cmd/wvsms
	CGO_ENABLED=0 GOARCH=arm64 go build -trimpath -o wvsms-arm64 ./cmd/wvsms
	CGO_ENABLED=0 GOARCH=amd64 go build -trimpath -o wvsms-amd64 ./cmd/wvsms

package:         ## dist/*.deb for Raspberry Pi (armhf: all of them), 64-bit boards, PC
	packaging/build dist armhf arm64 amd64

package-test:    ## installs, upgrades and removes the native one in a clean Debian tree, as root
	.ci/package

systemd:         ## runs it under a real systemd in a container, as root
	.ci/systemd

demo:
	go run ./cmd/wvsms demo

bench:           ## all benchmarks, each figure beside the committed one: a quarter of an hour on an idle machine
	bench/run bench.txt

bench-update: bench ## the same, and what came out becomes docs/benchmarks.md
	grep -E '^(Benchmark[^[:space:]]+[[:space:]]+[0-9]|[a-z]+: )' bench.txt >docs/benchmarks.txt
	$(MAKE) bench-render

bench-render:    ## docs/benchmarks.txt into the tables and curves of docs/benchmarks.md
	go run ./bench render docs/benchmarks.txt docs
