package vspheretest

import (
	"reflect"
	"slices"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vapi/rest"
	"github.com/vmware/govmomi/vim25/types"
)

// logins holds the one account and the sessions that were taken away.
type logins struct {
	mu       sync.Mutex
	user     string
	password string
	revoked  map[string]bool // SOAP session keys
}

func (l *logins) set(user, password string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.user, l.password = user, password
}

func (l *logins) valid(req *types.Login) bool { return l.knows(req.UserName, req.Password) }

func (l *logins) knows(user, password string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return user == l.user && password == l.password
}

func (l *logins) isRevoked(session string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.revoked[session]
}

// SetLogin changes the account that may log in, for SOAP and REST. Present
// sessions stay.
func (v *VCenter) SetLogin(username, password string) { v.logins.set(username, password) }

// Sessions returns how many SOAP sessions are logged in.
func (v *VCenter) Sessions() int { return len(v.sessionKeys()) }

// KillSessions makes vCenter forget all SOAP and REST sessions. Waits in flight
// end with NotAuthenticated.
func (v *VCenter) KillSessions() {
	keys := v.sessionKeys()
	v.logins.mu.Lock()
	if v.logins.revoked == nil {
		v.logins.revoked = make(map[string]bool)
	}
	for _, k := range keys {
		v.logins.revoked[k] = true
	}
	v.logins.mu.Unlock()
	ctx := v.context()
	for _, k := range keys {
		v.registry.SessionManager().TerminateSession(ctx, &types.TerminateSession{SessionId: []string{k}})
	}
	v.editREST(func(sessions map[string]*rest.Session) { clear(sessions) })
	v.hub.wakeAll()
}

func (v *VCenter) sessionKeys() []string {
	own := v.context().Session
	seen := own.Get(v.registry.SessionManager().Reference()).(*simulator.SessionManager)
	var keys []string
	for _, s := range seen.SessionList {
		if !v.logins.isRevoked(s.Key) {
			keys = append(keys, s.Key)
		}
	}
	slices.Sort(keys)
	return keys
}

// alive says whether a SOAP session still exists.
func (v *VCenter) alive(s *simulator.Session) bool {
	if v.logins.isRevoked(s.Key) {
		return false
	}
	if v.cfg.ESXi { // which does not implement SessionIsActive
		return slices.Contains(v.sessionKeys(), s.Key)
	}
	body := v.registry.SessionManager().SessionIsActive(v.context(),
		&types.SessionIsActive{SessionID: s.Key, UserName: s.UserName})
	return sessionIsActive(body)
}

// cookie hides revoked sessions from the simulator. Terminating them is not
// enough: a request that was being mapped to its session at that very moment
// would put the session back.
func (v *VCenter) cookie(ctx *simulator.Context) string {
	key := simulator.HTTPCookie(ctx)
	if v.logins.isRevoked(key) {
		return ""
	}
	return key
}

// editREST lends out the tagging service's session table. The service has no
// call to end other people's sessions, so this goes through its exported fields.
func (v *VCenter) editREST(edit func(map[string]*rest.Session)) {
	if v.tagging == nil {
		return // an ESXi host has no such service
	}
	lock := v.tagging.(sync.Locker)
	lock.Lock()
	defer lock.Unlock()
	edit(reflect.ValueOf(v.tagging).Elem().FieldByName("Session").Interface().(map[string]*rest.Session))
}

// dropIdleTimeout removes the idle limit of sessions: the simulator enforces it
// with a goroutine per login that nothing can end. KillSessions stands in for it.
func (v *VCenter) dropIdleTimeout() {
	options := v.registry.OptionManager()
	options.Setting = slices.DeleteFunc(slices.Clone(options.Setting), func(o types.BaseOptionValue) bool {
		return o.GetOptionValue().Key == "config.vmacore.soap.sessionTimeout"
	})
}
