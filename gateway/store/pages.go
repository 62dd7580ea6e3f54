package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/fnv"
)

// The format of bbolt, as far as following a wrong number would fault:
//
//	page    [0:8] its number, [8:10] flags, [10:12] elements, [12:16] further pages
//	meta    [16:80] see metaPage
//	branch  each element 16 bytes: position, length of the key, page
//	leaf    each element 16 bytes: flags, position, length of key and value
const (
	pageHeader  = 16
	branchFlag  = 0x01
	leafFlag    = 0x02
	bucketEntry = 0x01 // the value is a bucket: number of its root page, sequence; root 0: a page follows
	metaEnd     = pageHeader + 64
)

// A metaPage is one of the two that begin a file; the one with the higher
// transaction counts. bbolt reads the other when it is damaged, and is then one
// transaction behind.
type metaPage struct {
	root, used, tx uint64
	size           uint32 // of a page
}

// readMeta reads the meta page at the beginning of b.
func readMeta(b []byte) (metaPage, bool) {
	if len(b) < metaEnd {
		return metaPage{}, false
	}
	m := b[pageHeader:metaEnd]
	sum := fnv.New64a()
	sum.Write(m[:56])
	le := binary.LittleEndian
	meta := metaPage{root: le.Uint64(m[16:]), used: le.Uint64(m[40:]), tx: le.Uint64(m[48:]), size: le.Uint32(m[8:])}
	return meta, sum.Sum64() == le.Uint64(m[56:]) && meta.size >= 512 && meta.size <= 1<<16
}

// checkPages walks all pages that are in use and returns an error for the first
// that points to where nothing is. bbolt's own check follows such numbers, in a
// goroutine where a fault cannot be caught. behind says that one of the two meta
// pages is damaged, so that the last change may be missing.
func checkPages(file []byte) (behind bool, err error) {
	first, ok1 := readMeta(file)
	size := first.size
	if !ok1 {
		size = 0
		for _, guess := range []uint32{4096, 8192, 16384, 65536} {
			if int(guess) < len(file) {
				if m, ok := readMeta(file[guess:]); ok && m.size == guess {
					size = guess
				}
			}
		}
		if size == 0 {
			return false, fmt.Errorf("%w: no meta page", ErrDamaged)
		}
	}
	if len(file) < 2*int(size) {
		return false, fmt.Errorf("%w: %d bytes long", ErrDamaged, len(file))
	}
	second, ok2 := readMeta(file[size:])
	meta := first
	if !ok1 || ok2 && second.tx > first.tx {
		meta = second
	}
	if meta.used > uint64(len(file))/uint64(size) {
		return false, fmt.Errorf("%w: %d bytes long, must be %d", ErrDamaged, len(file), meta.used*uint64(size))
	}
	w := pageWalk{file: file, size: uint64(size), used: meta.used, seen: make(map[uint64]bool)}
	return !ok1 || !ok2, w.page(meta.root)
}

// A pageWalk follows the pages of one file.
type pageWalk struct {
	file       []byte
	size, used uint64
	seen       map[uint64]bool
}

func (w *pageWalk) page(n uint64) error {
	if n < 2 || n >= w.used || w.seen[n] {
		return fmt.Errorf("%w: page %d of %d is pointed to", ErrDamaged, n, w.used)
	}
	w.seen[n] = true
	at := w.file[n*w.size:]
	further := uint64(binary.LittleEndian.Uint32(at[12:]))
	if binary.LittleEndian.Uint64(at) != n || n+further >= w.used {
		return fmt.Errorf("%w: page %d is not what it says", ErrDamaged, n)
	}
	return w.elements(at[:(1+further)*w.size], n)
}

// elements follows what a page contains.
func (w *pageWalk) elements(b []byte, n uint64) error {
	le := binary.LittleEndian
	flags, count := le.Uint16(b[8:]), uint64(le.Uint16(b[10:]))
	if flags != branchFlag && flags != leafFlag || pageHeader+count*16 > uint64(len(b)) || flags == branchFlag && count == 0 {
		return fmt.Errorf("%w: page %d is of no kind", ErrDamaged, n)
	}
	var last []byte
	for i := range count {
		at := pageHeader + i*16
		e := b[at:]
		pos, key, value := uint64(le.Uint32(e)), uint64(le.Uint32(e[4:])), uint64(0)
		if flags == leafFlag {
			pos, key, value = uint64(le.Uint32(e[4:])), uint64(le.Uint32(e[8:])), uint64(le.Uint32(e[12:]))
		}
		if at+pos+key+value > uint64(len(b)) {
			return fmt.Errorf("%w: page %d, element %d: reaches out of the page", ErrDamaged, n, i)
		}
		name := b[at+pos:][:key]
		if i > 0 && bytes.Compare(last, name) >= 0 {
			return fmt.Errorf("%w: page %d, element %d: out of order", ErrDamaged, n, i)
		}
		last = name
		if err := w.below(flags, e, b[at+pos+key:][:value], n); err != nil {
			return err
		}
	}
	return nil
}

// below follows one element to the page or the bucket it stands for.
func (w *pageWalk) below(flags uint16, e, value []byte, n uint64) error {
	le := binary.LittleEndian
	switch {
	case flags == branchFlag:
		return w.page(le.Uint64(e[8:]))
	case le.Uint32(e)&bucketEntry == 0:
		return nil
	case len(value) < 16:
		return fmt.Errorf("%w: page %d: a bucket of %d bytes", ErrDamaged, n, len(value))
	}
	if root := le.Uint64(value); root != 0 {
		return w.page(root)
	}
	if len(value) < 16+pageHeader {
		return fmt.Errorf("%w: page %d: a bucket of %d bytes", ErrDamaged, n, len(value))
	}
	return w.elements(value[16:], n)
}
