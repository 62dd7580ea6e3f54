package page

import "sync"

// Places are what only so many may have at a time. Of those who see the same, unless
// it is everything, only half as many: no tenant's people keep all others out.
type Places struct {
	most  int
	mu    sync.Mutex
	taken int
	by    map[string]int // of taken, by what is seen
}

// NewPlaces returns so many, all free.
func NewPlaces(most int) *Places { return &Places{most: most, by: make(map[string]int)} }

// Take returns what gives the place back, or false when there is none for the viewer.
func (p *Places) Take(v Viewer) (leave func(), ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := v.key()
	if p.taken >= p.most || !v.All && p.by[key] >= p.most/2 {
		return nil, false
	}
	p.taken++
	p.by[key]++
	return func() { p.leave(key) }, true
}

func (p *Places) leave(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken--
	if p.by[key]--; p.by[key] == 0 {
		delete(p.by, key)
	}
}

// count is how many are taken.
func (p *Places) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.taken
}
