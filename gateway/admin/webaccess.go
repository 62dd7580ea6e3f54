package admin

// A WebAccess says who of the users of the HTTP server sees what. When nobody is
// named, every user sees everything.
type WebAccess struct {
	Admins []string            // see everything
	Users  map[string][]string // see the tenants, sorted by name, and nothing else
	Hosts  []string            // other names that the server is asked for
}

// Open says whether nobody is named.
func (a WebAccess) Open() bool { return len(a.Admins) == 0 && len(a.Users) == 0 }
