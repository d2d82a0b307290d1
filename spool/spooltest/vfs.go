package spooltest

import (
	"errors"
	"sync"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// The shim is SQLite's own VFS under another name, made the default of the process. Only files in the directory of a
// Disk get other methods than their own, and of these only those that change something.
var shim struct {
	once sync.Once
	err  error

	own lib.Tsqlite3_vfs // SQLite's

	mu      sync.Mutex
	disks   []*Disk
	open    map[uintptr]*openFile // by the address of SQLite's file
	methods map[uintptr]uintptr   // ours, by the address of those they stand before
}

// An openFile is a file that one connection has open.
type openFile struct {
	disk *Disk
	log  *Log // nil: not recorded
	file *file
	path string
	own  *lib.Tsqlite3_io_methods
}

// The signatures of those methods, in the convention of modernc.org/libc: a C function pointer is a Go func value.
type (
	openFunc     = func(tls *libc.TLS, vfs, name, file uintptr, flags int32, outFlags uintptr) int32
	deleteFunc   = func(tls *libc.TLS, vfs, name uintptr, syncDir int32) int32
	closeFunc    = func(tls *libc.TLS, file uintptr) int32
	writeFunc    = func(tls *libc.TLS, file, data uintptr, n int32, at int64) int32
	truncateFunc = func(tls *libc.TLS, file uintptr, size int64) int32
	syncFunc     = func(tls *libc.TLS, file uintptr, flags int32) int32
)

// at is what stands at an address of SQLite's.
func at[T any](p uintptr) *T { return *(**T)(unsafe.Pointer(&p)) }

// function is the Go func value behind a C function pointer, and pointer the other way.
func function[F any](p uintptr) F { return *(*F)(unsafe.Pointer(&p)) }
func pointer[F any](f F) uintptr  { return *(*uintptr)(unsafe.Pointer(&f)) }

func install() error {
	shim.once.Do(func() {
		tls := libc.NewTLS()
		defer tls.Close()
		shim.open, shim.methods = map[uintptr]*openFile{}, map[uintptr]uintptr{}
		shim.own = *at[lib.Tsqlite3_vfs](lib.Xsqlite3_vfs_find(tls, 0))
		vfs := shim.own
		if vfs.FzName, shim.err = libc.CString("spooltest"); shim.err != nil {
			return
		}
		vfs.FxOpen = pointer[openFunc](xOpen)
		vfs.FxDelete = pointer[deleteFunc](xDelete)
		if lib.Xsqlite3_vfs_register(tls, lent(tls, vfs), 1) != lib.SQLITE_OK {
			shim.err = errors.New("register a VFS with SQLite")
		}
	})
	return shim.err
}

// lent is the address of a copy of v that SQLite may keep.
func lent[T any](tls *libc.TLS, v T) uintptr {
	p := libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(v)))
	*at[T](p) = v
	return p
}

func diskOf(path string) *Disk {
	shim.mu.Lock()
	defer shim.mu.Unlock()
	for _, d := range shim.disks {
		if d.holds(path) {
			return d
		}
	}
	return nil
}

func opened(file uintptr) *openFile {
	shim.mu.Lock()
	defer shim.mu.Unlock()
	return shim.open[file]
}

func xOpen(tls *libc.TLS, vfs, name, file uintptr, flags int32, outFlags uintptr) int32 {
	var path string
	if name != 0 {
		path = libc.GoString(name)
	}
	d := diskOf(path)
	there := exists(path)
	rc := function[openFunc](shim.own.FxOpen)(tls, vfs, name, file, flags, outFlags)
	if rc != lib.SQLITE_OK || d == nil {
		return rc
	}
	methods := &at[lib.Tsqlite3_file](file).FpMethods
	f := &openFile{disk: d, log: d.recorder(), path: path, own: at[lib.Tsqlite3_io_methods](*methods)}
	if f.log != nil {
		f.file = f.log.opened(path, there, flags&(lib.SQLITE_OPEN_WAL|lib.SQLITE_OPEN_MAIN_JOURNAL) != 0)
	}
	shim.mu.Lock()
	defer shim.mu.Unlock()
	shim.open[file] = f
	if shim.methods[*methods] == 0 {
		ours := *f.own
		ours.FxClose = pointer[closeFunc](xClose)
		ours.FxWrite = pointer[writeFunc](xWrite)
		ours.FxTruncate = pointer[truncateFunc](xTruncate)
		ours.FxSync = pointer[syncFunc](xSync)
		shim.methods[*methods] = lent(tls, ours)
	}
	*methods = shim.methods[*methods]
	return rc
}

func xDelete(tls *libc.TLS, vfs, name uintptr, syncDir int32) int32 {
	path := libc.GoString(name)
	d := diskOf(path)
	if d != nil {
		if err := d.ask(Delete, path); err != nil {
			return refuse(err, lib.SQLITE_IOERR_DELETE)
		}
	}
	rc := function[deleteFunc](shim.own.FxDelete)(tls, vfs, name, syncDir)
	if d != nil && rc == lib.SQLITE_OK {
		if log := d.recorder(); log != nil {
			log.deleted(path, syncDir != 0)
		}
	}
	return rc
}

func xClose(tls *libc.TLS, file uintptr) int32 {
	f := opened(file)
	rc := function[closeFunc](f.own.FxClose)(tls, file)
	shim.mu.Lock()
	defer shim.mu.Unlock()
	delete(shim.open, file)
	return rc
}

func xWrite(tls *libc.TLS, file, data uintptr, n int32, offset int64) int32 {
	f := opened(file)
	if err := f.disk.ask(Write, f.path); err != nil {
		return refuse(err, lib.SQLITE_IOERR_WRITE)
	}
	rc := function[writeFunc](f.own.FxWrite)(tls, file, data, n, offset)
	if rc == lib.SQLITE_OK && f.file != nil {
		f.log.wrote(f.file, offset, unsafe.Slice(at[byte](data), n))
	}
	return rc
}

func xTruncate(tls *libc.TLS, file uintptr, size int64) int32 {
	f := opened(file)
	if err := f.disk.ask(Truncate, f.path); err != nil {
		return refuse(err, lib.SQLITE_IOERR_TRUNCATE)
	}
	rc := function[truncateFunc](f.own.FxTruncate)(tls, file, size)
	if rc == lib.SQLITE_OK && f.file != nil {
		f.log.truncated(f.file, size)
	}
	return rc
}

func xSync(tls *libc.TLS, file uintptr, flags int32) int32 {
	f := opened(file)
	if err := f.disk.ask(Sync, f.path); err != nil {
		return refuse(err, lib.SQLITE_IOERR_FSYNC)
	}
	rc := function[syncFunc](f.own.FxSync)(tls, file, flags)
	if rc == lib.SQLITE_OK && f.file != nil {
		f.log.synced(f.file)
	}
	return rc
}

// refuse is how SQLite's VFS puts what the disk said.
func refuse(err error, other int32) int32 {
	if errors.Is(err, ErrFull) {
		return lib.SQLITE_FULL
	}
	if errors.Is(err, ErrReadOnly) {
		return lib.SQLITE_READONLY
	}
	return other
}
