package vsphere

import (
	"context"
	"net/http"
	"net/url"

	"github.com/vmware/govmomi/vapi/rest"
	"github.com/vmware/govmomi/vapi/tags"
	"github.com/vmware/govmomi/vim25"
)

// A restSession is the REST session for tags, which SOAP knows nothing of. One
// goroutine uses it.
type restSession struct {
	cfg       Config
	transport http.RoundTripper
	gate      *gate
	client    *rest.Client // nil: not logged in
}

// do makes one call, and once more after a new login when the session is gone.
func (s *restSession) do(ctx context.Context, name string, call func(context.Context, *tags.Manager) error) error {
	for first := true; ; first = false {
		if s.client == nil {
			if err := s.gate.attempt(ctx, s.cfg.Password, s.login); err != nil {
				return err
			}
		}
		err := observeCall(ctx, s.cfg, name, s.cfg.CallTimeout, func(ctx context.Context) error {
			return call(ctx, tags.NewManager(s.client))
		})
		if !rest.IsStatusError(err, http.StatusUnauthorized) {
			return err
		}
		s.client = nil
		if !first {
			return err
		}
	}
}

func (s *restSession) login(ctx context.Context, password string) error {
	warnInsecure(s.cfg, "tags")
	client := rest.NewClient(&vim25.Client{Client: newSOAP(s.cfg, s.transport)})
	harden(&client.Client.Client, s.transport)
	client.UserAgent = userAgent()
	sign := func(ctx context.Context) context.Context { return ctx }
	user := url.UserPassword(s.cfg.Username, password)
	if s.cfg.Auth != AuthPassword {
		token, err := issueToken(ctx, s.cfg, s.transport, password)
		if err != nil {
			return err
		}
		sign, user = func(ctx context.Context) context.Context { return client.WithSigner(ctx, token) }, nil
	}
	err := observeCall(ctx, s.cfg, "rest-login", s.cfg.CallTimeout, func(ctx context.Context) error {
		return client.Login(sign(ctx), user)
	})
	if err == nil {
		s.client = client
	}
	return err
}

func (s *restSession) close(ctx context.Context) error {
	if s.client == nil {
		return nil
	}
	return s.client.Logout(ctx)
}
