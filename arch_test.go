package wvsms

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// allowed names, for each package, the packages of ours that it may import. Test
// files may import anything but what would close a circle.
//
//	cmd → {bridge/doctor, bridge/web} → bridge → {modem, pdu/wdp → pdu, csp, spool}
var allowed = map[string][]string{
	".":               {},
	"pdu":             {},
	"pdu/pdutest":     {"pdu"}, // for tests
	"pdu/wdp":         {"pdu"},
	"modem":           {},
	"modem/usb":       {},
	"csp":             {},
	"modem/modemtest": {"modem", "pdu", "pdu/wdp", "csp"},
	"spool":           {},
	"spool/spooltest": {}, // for tests
	"bridge":          {"csp", "modem", "modem/usb", "pdu", "pdu/wdp", "spool"},
	"bridge/doctor":   {"bridge", "modem", "modem/usb", "pdu", "pdu/wdp", "spool"},
	"bridge/web":      {"bridge"},
	"bench":           {}, // its tests are the benchmarks
	"cmd/wvsms":       {"bridge", "csp", "bridge/doctor", "bridge/web", "modem", "modem/modemtest", "modem/usb", "pdu", "pdu/wdp", "spool"},
}

// The files are parsed here and not asked of the go command, whose answer the
// test cache would keep while they change.
func TestImportDirection(t *testing.T) {
	seen := map[string]bool{}
	err := filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() && (entry.Name() == "testdata" || strings.HasPrefix(entry.Name(), ".") && file != ".") {
			return skip(err)
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		pkg := path.Dir(filepath.ToSlash(file))
		may, known := allowed[pkg]
		if !known {
			t.Errorf("%s: package %s has no place in the import direction", file, pkg)
			return nil
		}
		seen[pkg] = true
		source, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range source.Imports {
			name, _ := strconv.Unquote(spec.Path.Value)
			if ours, ok := strings.CutPrefix(name, "wvsms/"); ok && !slices.Contains(may, ours) {
				t.Errorf("%s: package %s must not import %s", file, pkg, ours)
			}
			if name == "C" {
				t.Errorf("%s: cgo: the program must build with CGO_ENABLED=0", file)
			}
			// The operator's power hook is the one program that is started: see there.
			if name == "os/exec" && filepath.ToSlash(file) != "bridge/hook.go" {
				t.Errorf("%s: no program is started from here", file)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range allowed {
		if !seen[pkg] {
			t.Errorf("package %s is named here and nowhere else", pkg)
		}
	}
}

func skip(err error) error {
	if err != nil {
		return err
	}
	return filepath.SkipDir
}
