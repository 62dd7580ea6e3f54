package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// A Source knows the present state of the daemon. Its methods answer from memory
// and are called from several goroutines; what they return is the caller's to keep.
type Source interface {
	BMCs() []BMC
	// Detail returns one of BMCs with its event log, its sensors and its recent
	// commands; ErrNotFound, wrapped, when it is gone.
	Detail(b BMC) (Detail, error)
	Status() Status
	Removals() []Removals
	// ConfirmRemovals lets the removals of a set go ahead and returns how many they
	// are; ErrNoRemovals or ErrChanged, wrapped, when that set is not held.
	ConfirmRemovals(tenant, id string, by Caller) (int, error)
	Leases() []Lease
	// ChangeLease returns the lease as it is then, when that is on the disk; or
	// ErrNotFound or ErrRefused, wrapped.
	ChangeLease(c LeaseChange, by Caller) (Lease, error)
	// Maintenance returns what is in maintenance now.
	Maintenance() []Maintenance
	// ChangeMaintenance returns what has begun or ended, when that is on the disk; or
	// ErrNotFound, ErrAmbiguous or ErrRefused, wrapped.
	ChangeMaintenance(c MaintenanceChange, by Caller) (Maintenance, error)
	// Grants returns the accounts for a time, without passwords.
	Grants() []Grant
	// GrantAccess returns the new account with its password when it works; or
	// ErrNotFound, ErrAmbiguous or ErrRefused, wrapped.
	GrantAccess(r GrantRequest, by Caller) (Grant, error)
	// RevokeAccess ends an account for a time and its sessions; ErrNotFound or
	// ErrRefused, wrapped.
	RevokeAccess(id string, by Caller) (Grant, error)
	// Registrations returns what came of the last look at the hosts, by tenant.
	Registrations() []Registrations
	// RegisterHosts registers hosts at their vCenter, which may take minutes, and returns
	// what came of it; ErrNotFound or ErrRefused, wrapped.
	RegisterHosts(ctx context.Context, r RegistrationRequest, by Caller) ([]Registrations, error)
	// Reload reads the configuration again and applies the difference, unless dryRun.
	// It may take seconds. The error is for a daemon that has none to read.
	Reload(dryRun bool, by Caller) (Reload, error)
	// Order carries out an order on one of BMCs, for by. The error is ErrNotFound,
	// ErrAction or ErrUnready, wrapped, for what could not be asked of it at all.
	Order(ctx context.Context, b BMC, o Order, by Caller) (Outcome, error)
	// ReleasePower lets a tenant's power-offs pass for d; it reports whether they
	// were refused. ErrNoTenant, wrapped.
	ReleasePower(tenant string, d time.Duration, by Caller) (bool, error)
	// Events are always the same ones.
	Events() *Events
}

// graceful is how long a request that runs when the daemon ends may take.
const graceful = 3 * time.Second

// Serve answers on the unix socket path until ctx ends, then lets running
// requests finish, removes the socket and returns nil.
func Serve(ctx context.Context, path string, src Source) error {
	l, err := Listen(path)
	if err != nil {
		return err
	}
	return l.Serve(ctx, src)
}

// Serve answers on the listener until ctx ends and closes it. A Listener serves once.
func (l *Listener) Serve(ctx context.Context, src Source) error {
	srv := &http.Server{
		Handler:           handler(src, ctx.Done()),
		ConnContext:       withCaller,
		ReadHeaderTimeout: 5 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       30 * time.Second,
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l.unix) }()

	select {
	case err := <-served: // never nil: nobody has asked it to end
		return errors.Join(fmt.Errorf("admin socket %s: %w", l.path, err), l.Close())
	case <-ctx.Done():
	}
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), graceful)
	defer cancel()
	if err := srv.Shutdown(late); err != nil {
		srv.Close() // what still runs is cut off; the daemon has to end
	}
	<-served
	return l.Close()
}

func handler(src Source, ending <-chan struct{}) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /v1/events", newFeed(src.Events(), ending))
	mux.HandleFunc("GET /v1/bmcs", func(w http.ResponseWriter, r *http.Request) {
		reply(w, http.StatusOK, List(ofTenant(src.BMCs(), r.URL.Query().Get("tenant"))))
	})
	mux.HandleFunc("GET /v1/bmcs/{tenant}/{name}", func(w http.ResponseWriter, r *http.Request) {
		b, err := Find(src.BMCs(), r.PathValue("tenant")+"/"+r.PathValue("name"))
		switch {
		case errors.Is(err, ErrNotFound):
			refuse(w, http.StatusNotFound, err.Error())
		case err != nil:
			refuse(w, http.StatusConflict, err.Error())
		default:
			reply(w, http.StatusOK, Single(b))
		}
	})
	mux.HandleFunc("GET /v1/status", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, Screen(src.Status()))
	})
	mux.HandleFunc("GET /v1/removals", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, RemovalsList(src.Removals()))
	})
	mux.HandleFunc("POST /v1/removals/{tenant}/{id}/confirm", func(w http.ResponseWriter, r *http.Request) {
		tenant, id := r.PathValue("tenant"), r.PathValue("id")
		n, err := src.ConfirmRemovals(tenant, id, callerIn(r.Context()))
		switch {
		case errors.Is(err, ErrNoRemovals):
			refuse(w, http.StatusNotFound, err.Error())
		case err != nil:
			refuse(w, http.StatusConflict, err.Error())
		default:
			reply(w, http.StatusOK, Confirmed(Confirmation{Tenant: tenant, ID: id, Confirmed: n}))
		}
	})
	handleDetail(mux, src)
	handleLeases(mux, src)
	handleMaintenance(mux, src)
	handleAccess(mux, src)
	handleRegistrations(mux, src)
	handleReload(mux, src)
	handlePower(mux, src)
	handleSchema(mux)
	handleProfiles(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, http.StatusNotFound, fmt.Sprintf("%s %s: no such path", r.Method, r.URL.Path))
	})
	return mux
}

func refuse(w http.ResponseWriter, code int, why string) {
	reply(w, code, failure{APIVersion, "Error", why})
}

func reply(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	// An error here is a client that has gone away.
	_ = json.NewEncoder(w).Encode(body)
}

// ofTenant keeps the BMCs of one tenant; an empty name means all.
func ofTenant(bmcs []BMC, tenant string) []BMC {
	if tenant == "" {
		return bmcs
	}
	var kept []BMC
	for _, b := range bmcs {
		if b.Tenant == tenant {
			kept = append(kept, b)
		}
	}
	return kept
}
