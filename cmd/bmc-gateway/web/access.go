package web

import (
	"crypto/sha256"
	"net/http"
	"strings"
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/crypto/bcrypt"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/login"
	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/page"
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// rememberedLogins is how many right passwords need not be computed again.
const rememberedLogins = 256

// A gate says who asks, and what of the daemon is theirs to see.
type gate struct {
	file   string // web configuration file; empty: nobody can log in
	access func() admin.WebAccess

	one   sync.Mutex // a password at a time: checking one is expensive by design
	right *lru.Cache[[sha256.Size]byte, struct{}]
}

func newGate(file string, access func() admin.WebAccess) *gate {
	right, err := lru.New[[sha256.Size]byte, struct{}](rememberedLogins)
	if err != nil {
		panic("web: " + err.Error()) // a size that is not positive
	}
	return &gate{file: file, access: access, right: right}
}

// viewer says who asks; false: somebody who may see nothing. The configuration and
// the file hold as they are now.
func (g *gate) viewer(r *http.Request) (page.Viewer, bool) {
	access := g.access()
	name, password, given := r.BasicAuth()
	if access.Open() {
		if !g.passes(name, password) {
			return page.Viewer{}, false
		}
		if !given || g.file == "" {
			name = "" // nobody has looked at it
		}
		return page.Viewer{Name: name, All: true}, true
	}
	if !given || !g.isRight(name, password) {
		return page.Viewer{}, false
	}
	v := page.Viewer{Name: name, Tenants: access.Users[name]}
	for _, a := range access.Admins {
		v.All = v.All || a == name
	}
	return v, v.All || len(v.Tenants) > 0
}

// passes checks again what the server has checked when the request came, because the
// file may be another since a page was opened. One that names nobody lets everybody pass.
func (g *gate) passes(name, password string) bool {
	if g.file == "" {
		return true
	}
	users, err := login.Read(g.file)
	return err == nil && (len(users) == 0 || g.isRight(name, password))
}

// isRight checks a password that the server has let pass. It lets everybody pass
// while the file names nobody, as one does that is just being written: a name that
// nobody has checked must not decide what is seen.
func (g *gate) isRight(name, password string) bool {
	if g.file == "" {
		return false
	}
	users, err := login.Read(g.file)
	hash, known := users[name]
	if err != nil || !known {
		return false
	}
	key := sha256.Sum256([]byte(strings.Join([]string{name, hash, password}, "\x00")))
	if g.right.Contains(key) {
		return true
	}
	g.one.Lock()
	defer g.one.Unlock()
	if bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) != nil {
		return false
	}
	g.right.Add(key, struct{}{})
	return true
}

// A part answers a viewer.
type part func(http.ResponseWriter, *http.Request, page.Viewer)

// let lets those in who may see something.
func (g *gate) let(f part) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, ok := g.viewer(r)
		if !ok {
			http.Error(w, "you are named neither in http.admins nor in a tenant's web_users", http.StatusForbidden)
			return
		}
		f(w, r, v)
	})
}

// letAdmins lets those in who may see everything.
func (g *gate) letAdmins(h http.Handler) http.Handler {
	return g.let(func(w http.ResponseWriter, r *http.Request, v page.Viewer) {
		if !v.All {
			http.Error(w, "this is about all tenants; only http.admins may see it", http.StatusForbidden)
			return
		}
		h.ServeHTTP(w, r)
	})
}
