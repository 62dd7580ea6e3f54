package page

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// A Source knows the present state of the daemon; its methods answer from memory.
type Source interface {
	BMCs() []admin.BMC
	Status() admin.Status
	Detail(b admin.BMC) (admin.Detail, error)
}

// A Config is what a page needs.
type Config struct {
	Source Source
	// Viewer says who asks; false: somebody who may see nothing.
	Viewer func(*http.Request) (Viewer, bool)
	Ending <-chan struct{} // closed when the daemon is about to end
}

// A Page is the status page.
type Page struct {
	src       Source
	clock     *clock
	viewer    func(*http.Request) (Viewer, bool)
	ending    <-chan struct{}
	streams   *Places
	templates map[string]*template.Template // by view
}

//go:embed templates
var templates embed.FS

// New returns the page. It does nothing until somebody asks.
func New(c Config) *Page {
	p := &Page{src: c.Source, clock: &clock{src: c.Source}, viewer: c.Viewer, ending: c.Ending, streams: NewPlaces(maxStreams), templates: make(map[string]*template.Template)}
	for _, name := range []string{"overview", "list", "bmc", "nothing"} {
		p.templates[name] = template.Must(template.ParseFS(templates, "templates/layout.html", "templates/"+name+".html"))
	}
	return p
}

// Streams returns how many open pages are kept up to date now.
func (p *Page) Streams() int { return p.streams.count() }

// BMCs returns all BMCs as they were at most a second ago, for whoever tells of them
// besides the page: one look at the daemon serves them, too. They are not to be changed.
func (p *Page) BMCs() []admin.BMC { return p.clock.now().bmcs() }

// Status returns the daemon's status as it was at most a second ago.
func (p *Page) Status() admin.Status { return p.clock.now().status }

// Handle puts the page's addresses on the mux.
func (p *Page) Handle(mux *http.ServeMux) {
	for pattern, of := range map[string]func(*http.Request) view{
		"/{$}": p.overview, "/bmcs": p.list, "/bmcs/{tenant}/{name}": p.one,
	} {
		mux.HandleFunc("GET "+pattern, p.seen(func(w http.ResponseWriter, r *http.Request, v Viewer) { p.show(w, r, v, of(r)) }))
		mux.HandleFunc("GET /live"+pattern, p.seen(func(w http.ResponseWriter, r *http.Request, v Viewer) { p.stream(w, r, v, of(r)) }))
	}
	mux.HandleFunc("GET /assets/{file}", p.seen(asset))
	mux.HandleFunc("/", p.seen(func(w http.ResponseWriter, r *http.Request, v Viewer) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "nothing can be changed here", http.StatusMethodNotAllowed)
			return
		}
		p.nothing(w, r, v)
	}))
}

// seen lets those in who may see something.
func (p *Page) seen(f func(http.ResponseWriter, *http.Request, Viewer)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		guard(w.Header())
		v, ok := p.viewer(r)
		if !ok {
			http.Error(w, "you may not see this gateway: its administrator has not named you in http.admins or in a tenant's web_users", http.StatusForbidden)
			return
		}
		f(w, r, v)
	}
}

// guard has the browser run and load nothing but what is served here, and keep nothing.
func guard(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

func (p *Page) overview(*http.Request) view {
	return view{name: "overview", data: func(s *scene) (any, error) { return overviewOf(s), nil }}
}

func (p *Page) list(r *http.Request) view {
	q := readQuery(r.URL.Query())
	return view{name: "list", key: q.Path(), data: func(s *scene) (any, error) { return listOf(s, q), nil }}
}

func (p *Page) one(r *http.Request) view {
	tenant, name := r.PathValue("tenant"), r.PathValue("name")
	return view{name: "bmc", key: tenant + "\x01" + name, data: func(s *scene) (any, error) { return portraitOf(s, p.src, tenant, name) }}
}

// A frame is a whole page around a region.
type frame struct {
	Title   string
	Here    string // which view
	Viewer  Viewer
	Live    string // address of its stream; empty: it does not change
	Digest  string
	Now     stamp
	Version string
	Body    template.HTML // the region, rendered
	Query   query         // of a list
	Choices choices
}

// show answers with the whole page of a view.
func (p *Page) show(w http.ResponseWriter, r *http.Request, v Viewer, of view) {
	m := p.clock.now()
	reg := p.regionOf(m, v, of)
	switch {
	case reg.err != nil && isNobody(reg.err):
		p.nothing(w, r, v)
		return
	case reg.err != nil: // several have the name: let them choose
		http.Redirect(w, r, query{Tenant: r.PathValue("tenant"), Text: r.PathValue("name")}.Path(), http.StatusSeeOther)
		return
	}
	s := m.sceneFor(v)
	f := frame{Here: of.name, Viewer: v, Live: "/live" + r.URL.EscapedPath(), Digest: reg.digest, Now: stampOf(m.at, m.at), Version: s.status.Version, Body: template.HTML(reg.text), Choices: s.choices()}
	switch data := reg.data.(type) {
	case summary:
		f.Title = "Overview"
	case sheet:
		f.Title, f.Query, f.Live = "BMCs", data.Query, "/live"+data.Query.Path()
	case portrait:
		f.Title = data.Name + " (" + data.Tenant + ")"
	}
	p.write(w, http.StatusOK, f)
}

// nothing answers for what does not exist, or is not the viewer's to see: nobody can
// tell which.
func (p *Page) nothing(w http.ResponseWriter, _ *http.Request, v Viewer) {
	p.write(w, http.StatusNotFound, frame{Title: "Nothing here", Here: "nothing", Viewer: v})
}

func (p *Page) write(w http.ResponseWriter, code int, f frame) {
	var b bytes.Buffer
	if err := p.templates[f.Here].ExecuteTemplate(&b, "layout", f); err != nil {
		http.Error(w, "the page cannot be shown: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(code)
	_, _ = w.Write(visible(b.Bytes())) // an error is a browser that has gone
}
