// Package wvsms holds nothing but the test of the import direction. The program
// is cmd/wvsms; ARCHITECTURE.md says where everything is.
package wvsms
