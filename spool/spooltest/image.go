package spooltest

import (
	"bytes"
	"math/rand/v2"
	"slices"
)

const sector = 512 // what a disk writes whole or not at all

// An image is a file as programs see it, and as it may stand on the disk.
type image struct {
	now, disk []byte
	sizes     []int            // it had since the last sync
	versions  map[int][][]byte // of each sector written since
}

func newImage(content []byte) *image {
	return &image{now: bytes.Clone(content), disk: content, sizes: []int{len(content)}, versions: map[int][][]byte{}}
}

func (i *image) write(at int64, data []byte) {
	end := int(at) + len(data)
	if end > len(i.now) {
		i.now = append(i.now, make([]byte, end-len(i.now))...)
		i.sizes = append(i.sizes, end)
	}
	copy(i.now[at:], data)
	for n := int(at) / sector; n*sector < end; n++ {
		i.versions[n] = append(i.versions[n], bytes.Clone(i.now[n*sector:min(len(i.now), (n+1)*sector)]))
	}
}

func (i *image) truncate(size int64) {
	if int(size) <= len(i.now) {
		i.now = i.now[:size:size]
	} else {
		i.now = append(i.now, make([]byte, int(size)-len(i.now))...)
	}
	i.sizes = append(i.sizes, int(size))
}

// pick is one of the images that a power cut may leave.
func (i *image) pick(r *rand.Rand, taste float64) []byte {
	size := i.sizes[r.IntN(len(i.sizes))]
	if r.Float64() < taste {
		size = i.sizes[len(i.sizes)-1]
	}
	most := slices.Max(i.sizes)
	b := append(bytes.Clone(i.disk), make([]byte, most-min(most, len(i.disk)))...)
	var sectors []int
	for n := range i.versions {
		sectors = append(sectors, n)
	}
	slices.Sort(sectors) // a seed picks the same again
	for _, n := range sectors {
		if r.Float64() < taste {
			copy(b[n*sector:], i.versions[n][len(i.versions[n])-1])
		} else if v := r.IntN(len(i.versions[n]) + 1); v > 0 {
			copy(b[n*sector:], i.versions[n][v-1])
		}
	}
	return b[:size]
}
