package page

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"sync"
	"unicode/utf8"
)

// A view is something to look at: the part of a page that changes.
type view struct {
	name string // of its template
	key  string // tells it from others of the name
	data func(*scene) (any, error)
}

// A region is a view as somebody sees it at a moment.
type region struct {
	once   sync.Once
	data   any
	text   []byte // HTML
	digest string // of all but how long ago things were
	err    error  // there is no such BMC, or several
}

// regionOf renders what the viewer sees of a view, once for all who see the same.
func (p *Page) regionOf(m *moment, v Viewer, of view) *region {
	s := m.sceneFor(v)
	key := v.key() + "\x01" + of.name + "\x01" + of.key
	m.mu.Lock()
	reg := m.regions[key]
	if reg == nil {
		reg = new(region)
		m.regions[key] = reg
	}
	m.mu.Unlock()
	reg.once.Do(func() {
		if reg.data, reg.err = of.data(s); reg.err != nil {
			return
		}
		var b bytes.Buffer
		if reg.err = p.templates[of.name].ExecuteTemplate(&b, "region", reg.data); reg.err != nil {
			return
		}
		reg.text = visible(b.Bytes())
		reg.digest = digest(reg.text)
	})
	return reg
}

// passing is the text of a time, which changes while nothing happens.
var passing = regexp.MustCompile(`(<time [^>]*>)[^<]*`)

func digest(text []byte) string {
	sum := sha256.Sum256(passing.ReplaceAll(text, []byte("$1")))
	return hex.EncodeToString(sum[:8])
}

// visible replaces what a browser would obey instead of show: control characters,
// and marks that turn the direction of writing or show nothing, as names may have
// them that people chose to deceive.
func visible(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		switch {
		case r == '\n' || r == '\t' || r < utf8.RuneSelf && r >= ' ' && r != 0x7f || r >= utf8.RuneSelf && strconv.IsPrint(r) && r != utf8.RuneError:
			out = append(out, text[:n]...)
		case r == '\u00a0' || r == '\u202f' || r == '\u3000': // spaces of some width
			out = append(out, ' ')
		default:
			out = fmt.Appendf(out, "[U+%04X]", r)
		}
		text = text[n:]
	}
	return out
}
