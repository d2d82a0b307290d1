package spool

import (
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
)

// What follows reads a spool without SQLite, which stops at the first damaged page and cannot even begin without the
// first one. The formats are those of https://www.sqlite.org/fileformat2.html; the numbers in comments are its sections.
//
// Specification.
const (
	walHeader   = 32 // 4.1
	frameHeader = 24
	lockByte    = 1 << 30 // 1.4: the page that it is on is never used
)

// Every spool has had pages of one of these sizes.
const (
	pageSize    = 1024 // of a new one: a commit writes whole pages, of which it changes little
	oldPageSize = 4096
)

// rawPages are the pages of a database file below those of its write-ahead log.
type rawPages struct {
	db, wal *os.File
	size    int // of a page
	count   uint32
	logged  map[uint32]int64 // where in the log the newest of a page stands; -1: there, but damaged
	holes   bool             // the log is damaged before work that was committed later

	mapAt uint32 // the page of the pointer map that was read last
	mapIs []byte
}

// openRaw opens both files for reading; either may be missing.
func openRaw(path string) (*rawPages, error) {
	p := &rawPages{logged: map[uint32]int64{}}
	var err error
	if p.db, err = openIfThere(path); err != nil {
		return nil, err
	}
	if p.wal, err = openIfThere(path + "-wal"); err != nil {
		p.close()
		return nil, err
	}
	p.size = p.findSize()
	if p.db != nil {
		st, err := p.db.Stat()
		if err != nil {
			p.close()
			return nil, err
		}
		p.count = uint32((st.Size() + int64(p.size) - 1) / int64(p.size))
	}
	if p.wal != nil {
		if err := p.readLog(); err != nil {
			p.close()
			return nil, err
		}
	}
	return p, nil
}

// findSize tells how large the pages are. Either header says so; without both the frames of
// the log show where one goes on from the other, and the pages of the database whether they
// begin where only small ones do.
func (p *rawPages) findSize() int {
	known := func(size int) bool { return size == pageSize || size == oldPageSize }
	if p.db != nil {
		head := make([]byte, 100)
		p.db.ReadAt(head, 0) // what cannot be read is as bad as what reads wrong
		if size := int(binary.BigEndian.Uint16(head[16:])); string(head[:len(magic)]) == magic && known(size) {
			return size
		}
	}
	if p.wal != nil {
		head := make([]byte, walHeader)
		p.wal.ReadAt(head, 0)
		if size := int(binary.BigEndian.Uint32(head[8:])); (checksum{}).over(logOrder(head), head[:24]) == stored(head[24:]) && known(size) {
			return size
		}
		for _, size := range []int{pageSize, oldPageSize} {
			if p.chained(size) {
				return size
			}
		}
	}
	if p.db == nil {
		return pageSize
	}
	small, all := 0, 0
	b := make([]byte, pageSize)
	for at := int64(pageSize); all < 1000; at += pageSize {
		if _, err := p.db.ReadAt(b, at); err != nil {
			break
		}
		if at%oldPageSize == 0 {
			continue
		}
		all++
		_, _, table := parsePage(b, 2, true)
		_, _, index := parsePage(b, 2, false)
		if table || index {
			small++
		}
	}
	if 4*small > all {
		return pageSize
	}
	return oldPageSize
}

// chained tells whether a frame of the log goes on from the one before it if the pages are
// that large.
func (p *rawPages) chained(size int) bool {
	frame := make([]byte, frameHeader+size)
	var sum checksum
	for i := range int64(1000) {
		if _, err := p.wal.ReadAt(frame, walHeader+i*int64(len(frame))); errors.Is(err, io.EOF) {
			return false
		}
		stands := stored(frame[16:])
		if i > 0 && sum.over(binary.LittleEndian, frame[:8]).over(binary.LittleEndian, frame[frameHeader:]) == stands && stands != (checksum{}) {
			return true
		}
		sum = stands
	}
	return false
}

func openIfThere(path string) (*os.File, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return f, err
}

func (p *rawPages) close() {
	for _, f := range []*os.File{p.db, p.wal} {
		if f != nil {
			f.Close()
		}
	}
}

// readLog finds the newest committed version of each page. SQLite ends at the first frame that is not as it was written,
// and forgets all behind it; each frame's checksum goes on from the one before, as that stands there, so those behind a
// damaged one can be told as well.
//
// Not all that is whole was committed. A power cut may leave a torn frame before the commit that was being synced, and
// commits whose sync failed leave their ends behind the shorter ones that were written over them. Nothing was ever
// written as the sequel of either: only a commit from which the next frame goes on was done.
func (p *rawPages) readLog() error {
	st, err := p.wal.Stat()
	frameSize := int64(frameHeader + p.size)
	if err != nil || st.Size() < walHeader+frameSize {
		return err
	}
	head := make([]byte, walHeader)
	p.wal.ReadAt(head, 0) // what cannot be read is as bad as what reads wrong
	frame := make([]byte, frameSize)
	p.wal.ReadAt(frame, walHeader)
	// The header is synced before the first frame is written. Without it the frames themselves tell.
	salts, sum := [8]byte(frame[8:]), stored(head[24:])
	order := logOrder(head)
	bad := checksum{}.over(order, head[:24]) != sum
	if bad {
		p.holes, order = true, binary.LittleEndian
	} else {
		salts = [8]byte(head[16:])
	}
	open, count := map[uint32]int64{}, uint32(0)
	committed := uint32(0) // the size in a commit behind what is bad, if that is the frame before
	done := func(size uint32) {
		count = size
		for page, at := range open {
			p.logged[page] = at
		}
		clear(open)
	}
	for at := int64(walHeader); at+frameSize <= st.Size(); at += frameSize {
		clear(frame)
		p.wal.ReadAt(frame, at)
		page, size := binary.BigEndian.Uint32(frame), binary.BigEndian.Uint32(frame[4:])
		good := [8]byte(frame[8:]) == salts && page > 0
		stands := stored(frame[16:])
		whole := good && sum.over(order, frame[:8]).over(order, frame[frameHeader:]) == stands
		sum = stands
		if whole && committed != 0 {
			p.holes, bad = true, false
			done(committed)
		}
		committed = 0
		switch {
		case whole:
			open[page] = at + frameHeader
		case good:
			bad = true
			open[page] = -1
		default:
			bad = true
		}
		switch {
		case whole && size != 0 && bad:
			committed = size
		case whole && size != 0:
			done(size)
		}
	}
	p.count = max(p.count, count)
	return nil
}

// logOrder is that of the machine that wrote the log; the numbers in it are big-endian all the same.
func logOrder(head []byte) binary.ByteOrder {
	if binary.BigEndian.Uint32(head) == 0x377f0683 {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// A checksum is that of the log (4.2).
type checksum [2]uint32

func stored(b []byte) checksum {
	return checksum{binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])}
}

func (c checksum) over(order binary.ByteOrder, b []byte) checksum {
	for ; len(b) >= 8; b = b[8:] {
		c[0] += order.Uint32(b) + c[1]
		c[1] += order.Uint32(b[4:]) + c[0]
	}
	return c
}

// page reads one page; the first has number 1. It does not matter why one cannot be read: a card that fails says EIO.
func (p *rawPages) page(n uint32) ([]byte, bool) {
	if n == 0 || n > p.count {
		return nil, false
	}
	at, ok := p.logged[n]
	f := p.wal
	if !ok {
		f, at = p.db, int64(n-1)*int64(p.size)
	}
	if at < 0 || f == nil {
		return nil, false
	}
	b := make([]byte, p.size)
	if _, err := f.ReadAt(b, at); err != nil {
		return nil, false
	}
	return b, true
}

// Kinds of entries in the pointer map (1.8), which tells of every page what it is for and which one points to it.
const (
	mapRoot = 1
	mapTree = 5 // a page of a tree, not its root
)

// owner reads the pointer map about page n.
func (p *rawPages) owner(n uint32) (kind byte, parent uint32) {
	at := p.mapPage(n)
	if at == n || n < 2 {
		return 0, 0
	}
	if p.mapAt != at {
		p.mapAt = at
		p.mapIs, _ = p.page(at)
	}
	if p.mapIs == nil {
		return 0, 0
	}
	entry := p.mapIs[5*(n-at-1):]
	return entry[0], binary.BigEndian.Uint32(entry[1:])
}

// mapPage is the page of the pointer map that tells of page n.
func (p *rawPages) mapPage(n uint32) uint32 {
	each := uint32(p.size/5 + 1)
	at := (n-2)/each*each + 2
	if at == uint32(lockByte/p.size+1) {
		at++
	}
	return at
}
