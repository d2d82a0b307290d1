package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"wvsms/csp"
	"wvsms/pdu"
	"wvsms/pdu/wdp"
)

var update = flag.Bool("update", false, "write the tables of the documents anew")

const sizesMark = "<!-- of TestCSPSizes -->\n"

// The table of sizes in docs/csp.md is of the messages in testdata/csp-sizes.txtar, as
// this program writes them: go test -run CSPSizes ./cmd/wvsms -update.
func TestCSPSizes(t *testing.T) {
	const file = "../../docs/csp.md"
	document, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(document), sizesMark)
	if len(parts) != 3 {
		t.Fatalf("%s has %d marks, not 2", file, len(parts)-1)
	}
	table := sizesTable(t)
	if *update {
		parts[1] = table
		if err := os.WriteFile(file, []byte(strings.Join(parts, sizesMark)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if parts[1] != table {
		t.Errorf("the table is stale: -update writes\n%s", table)
	}
}

// sizesTable has a row a message: octets and segments of each syntax.
func sizesTable(t *testing.T) string {
	archive, err := txtar.ParseFile("testdata/csp-sizes.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	table.WriteString("| message | XML | WBXML | PTS | PTS, `dd` |\n|---|---|---|---|---|\n")
	for _, message := range archive.Files {
		pts, primitive, _ := bytes.Cut(message.Data, []byte("\n"))
		xml := inSession(pts, strings.TrimSpace(string(primitive)))
		wbxml, err := csp.ToWBXML(xml)
		if err != nil {
			t.Fatalf("%s: %v", message.Name, err)
		}
		if len(pts) > 0 {
			sayTheSame(t, message.Name, pts, xml)
		}
		row := []string{message.Name, size(t, xml), size(t, wbxml), "–", "–"}
		if len(pts) > 0 {
			row[3], row[4] = size(t, pts), sizeInParts(t, pts)
		}
		fmt.Fprintf(&table, "| %s |\n", strings.Join(row, " | "))
	}
	const cir = "WVCI 1.2 4711"
	ud, err := pdu.GSM7UserData(cir, pdu.PortIE(3716, 3716))
	if err != nil || len(ud.Data) > pdu.MaxUserData-7 {
		t.Fatal(len(ud.Data), err)
	}
	fmt.Fprintf(&table, "| CIR, `%s` in GSM 7-bit | – | – | %d (1) | – |\n", cir, len(ud.Data))
	return table.String()
}

// sayTheSame wants every text of one message in the other: those of the primitive.
func sayTheSame(t *testing.T, name string, pts, xml []byte) {
	t.Helper()
	texts := func(b []byte, root string) (all []string) {
		e, err := csp.Parse(b)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var collect func(e csp.Element, within bool)
		collect = func(e csp.Element, within bool) {
			within = within || e.Name == root
			switch {
			case within && e.Text != "":
				all = append(all, e.Text)
			case within && len(e.Children) == 0:
				all = append(all, e.Name)
			}
			for _, child := range e.Children {
				collect(child, within)
			}
		}
		collect(e, false)
		slices.Sort(all)
		return all
	}
	primitive := csp.Inspect(pts).Transactions[0].Primitive
	if diff := cmp.Diff(texts(pts, primitive), texts(xml, primitive)); diff != "" {
		t.Errorf("%s: PTS and XML differ:\n%s", name, diff)
	}
}

// inSession puts the session around a primitive, as clients of CSP 1.2 do: before a
// login there is none.
func inSession(pts []byte, primitive string) []byte {
	session, mode, id := "<SessionType>Inband</SessionType><SessionID>S42</SessionID>", "Response", "8"
	name, _, _ := strings.Cut(strings.TrimLeft(primitive, "<"), ">")
	if strings.Contains(name, "-Request") {
		mode = "Request"
	}
	if strings.HasPrefix(name, "Login-") {
		session = "<SessionType>Outband</SessionType>"
	}
	if p, _, err := csp.ParsePreamble(pts); err == nil {
		id = p.ID
	}
	if strings.HasPrefix(name, "Polling-") {
		id = "" // it has none
	}
	return fmt.Appendf(nil, `<?xml version="1.0"?><WV-CSP-Message xmlns="http://www.openmobilealliance.org/DTD/WV-CSP1.2"><Session>`+
		`<SessionDescriptor>%s</SessionDescriptor><Transaction><TransactionDescriptor><TransactionMode>%s</TransactionMode>`+
		`<TransactionID>%s</TransactionID></TransactionDescriptor><TransactionContent xmlns="http://www.openmobilealliance.org/DTD/WV-TRC1.2">`+
		`%s</TransactionContent></Transaction></Session></WV-CSP-Message>`, session, mode, id, primitive)
}

func size(t *testing.T, b []byte) string {
	plan, err := wdp.PlanFor(len(b))
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d (%d)", len(b), plan.Total)
}

// sizeInParts is of a message in parts of CSP's own, where it does not fit a segment.
func sizeInParts(t *testing.T, b []byte) string {
	const partSize = 132
	if plan, err := wdp.PlanFor(len(b)); err != nil || plan.Total == 1 {
		return size(t, b)
	}
	parts, err := csp.Split(b, partSize)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d (%d)", len(bytes.Join(parts, nil)), len(parts))
}
