package spool

import (
	"encoding/binary"
)

// Implementation.
const (
	maxDepth  = 20
	maxRecord = 1 << 20 // more than any row of a spool takes
)

// Kinds of tree pages (1.6).
const (
	indexInner = 2
	tableInner = 5
	indexLeaf  = 10
	tableLeaf  = 13
)

// A rawTree is one table while its rows are collected: those of a WITHOUT ROWID table stand in an index tree.
type rawTree struct {
	root     uint32
	hasRowid bool

	row func(rowid int64, columns []any) error

	lostPages int // that cannot be read
	lostRows  int // on pages that can be
}

// A scavenger reads trees page by page. What a page says of others is a hint only: none is read twice.
type scavenger struct {
	*rawPages
	seen   map[uint32]bool
	byRoot map[uint32][]uint32 // the pages of each tree but its root, by the pointer map
}

// mapTrees finds out which page belongs to which tree without reading any of them, and so also when those above it are
// damaged. Free pages, which hold only what was deleted, belong to none.
func (s *scavenger) mapTrees() {
	s.byRoot = map[uint32][]uint32{}
	for n := uint32(3); n <= s.count; n++ {
		at := n
		for range maxDepth {
			kind, up := s.owner(at)
			if kind == mapRoot && at != n {
				s.byRoot[at] = append(s.byRoot[at], n)
			}
			if kind != mapTree {
				break
			}
			at = up
		}
	}
}

// read collects the rows of a tree from its root down, then those on pages to which no other leads any more.
func (s *scavenger) read(t *rawTree) error {
	if err := s.visit(t, t.root, 0); err != nil {
		return err
	}
	for _, n := range s.byRoot[t.root] {
		if !s.seen[n] {
			if err := s.visit(t, n, 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// visit collects the rows on a page and below it. Only an error of row ends it.
func (s *scavenger) visit(t *rawTree, n uint32, depth int) error {
	if depth > maxDepth || s.seen[n] || n < 1 || n > s.count || s.mapPage(n) == n {
		t.lostPages++
		return nil
	}
	s.seen[n] = true
	b, ok := s.page(n)
	cells, children, good := parsePage(b, n, t.hasRowid)
	if !ok || !good {
		t.lostPages++
		return nil
	}
	for _, cell := range cells {
		rowid, columns, err := s.parseCell(cell, t.hasRowid)
		if err != nil {
			t.lostRows++
			continue
		}
		if err := t.row(rowid, columns); err != nil {
			return err
		}
	}
	for _, child := range children {
		if err := s.visit(t, child, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// parsePage takes a page apart: the cells with rows, which reach to the page's end, and the pages below.
func parsePage(b []byte, n uint32, hasRowid bool) (cells [][]byte, children []uint32, ok bool) {
	at := 0
	if n == 1 {
		at = 100 // behind the file's header
	}
	if len(b) < pageSize {
		return nil, nil, false
	}
	leaf, inner := byte(indexLeaf), byte(indexInner)
	if hasRowid {
		leaf, inner = tableLeaf, tableInner
	}
	kind, count := b[at], int(binary.BigEndian.Uint16(b[at+3:]))
	pointers := at + 8
	switch kind {
	case leaf:
	case inner:
		children = append(children, binary.BigEndian.Uint32(b[at+8:]))
		pointers += 4
	default:
		return nil, nil, false
	}
	first := pointers + 2*count
	if first > len(b) {
		return nil, nil, false
	}
	for i := range count {
		cell := int(binary.BigEndian.Uint16(b[pointers+2*i:]))
		if cell < first || cell > len(b)-4 {
			return nil, nil, false
		}
		c := b[cell:]
		if kind == inner {
			children = append(children, binary.BigEndian.Uint32(c))
			c = c[4:]
		}
		if kind != tableInner {
			cells = append(cells, c)
		}
	}
	return cells, children, true
}

// parseCell reads a row, wherever its octets are.
func (s *scavenger) parseCell(c []byte, hasRowid bool) (rowid int64, columns []any, err error) {
	size, n := varint(c)
	if n == 0 || size > maxRecord {
		return 0, nil, errDamaged
	}
	c = c[n:]
	if hasRowid {
		id, n := varint(c)
		if n == 0 {
			return 0, nil, errDamaged
		}
		rowid, c = int64(id), c[n:]
	}
	record, err := s.payload(c, int(size), hasRowid)
	if err != nil {
		return 0, nil, err
	}
	columns, err = parseRecord(record)
	return rowid, columns, err
}

// payload puts together what stands in the cell and on its overflow pages (1.6, 1.7).
func (s *scavenger) payload(c []byte, size int, hasRowid bool) ([]byte, error) {
	least, most := (s.size-12)*32/255-23, (s.size-12)*64/255-23
	if hasRowid {
		most = s.size - 35
	}
	local := size
	if size > most {
		if local = least + (size-least)%(s.size-4); local > most {
			local = least
		}
	}
	if local > len(c) || local < size && local+4 > len(c) {
		return nil, errDamaged
	}
	record := append([]byte{}, c[:local]...)
	if local == size {
		return record, nil
	}
	next := binary.BigEndian.Uint32(c[local:])
	for len(record) < size {
		if s.seen[next] {
			return nil, errDamaged
		}
		b, ok := s.page(next)
		if !ok {
			return nil, errDamaged
		}
		s.seen[next] = true
		next = binary.BigEndian.Uint32(b)
		record = append(record, b[4:4+min(size-len(record), s.size-4)]...)
	}
	if next != 0 {
		return nil, errDamaged
	}
	return record, nil
}
