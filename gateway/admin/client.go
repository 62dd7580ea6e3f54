package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"time"
)

// ErrUnreachable is for a daemon that does not answer on its socket.
var ErrUnreachable = errors.New("the daemon is not reachable")

// patience is how long one question may take; the daemon answers from memory.
const patience = 10 * time.Second

// answerLimit is the most a client reads of one answer: 64 MB hold some 40,000 BMCs.
const answerLimit = 64 << 20

// A Client asks a daemon on its admin socket.
type Client struct {
	path string
	http *http.Client
}

// NewClient returns a client of the daemon at the unix socket path. It does no
// I/O and keeps no connection open between questions.
func NewClient(path string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", path)
	}
	return &Client{path: path, http: &http.Client{
		Timeout:   patience,
		Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true},
	}}
}

// BMCs returns the BMCs of a tenant, or all when tenant is empty, in the
// daemon's order. The error is ErrUnreachable, wrapped, when nobody answers.
func (c *Client) BMCs(ctx context.Context, tenant string) ([]BMC, error) {
	path := "/v1/bmcs"
	if tenant != "" {
		path += "?" + url.Values{"tenant": {tenant}}.Encode()
	}
	var l list
	err := c.ask(ctx, http.MethodGet, path, &l)
	return l.Items, err
}

// Status returns the daemon's status. The error is as for BMCs.
func (c *Client) Status(ctx context.Context) (Status, error) {
	var s screen
	err := c.ask(ctx, http.MethodGet, "/v1/status", &s)
	return s.Status, err
}

// Removals returns the removals that are held. The error is as for BMCs.
func (c *Client) Removals(ctx context.Context) ([]Removals, error) {
	var held sets
	err := c.ask(ctx, http.MethodGet, "/v1/removals", &held)
	return held.Items, err
}

// ConfirmRemovals lets the removals of exactly this set go ahead; the daemon
// refuses one that is not held, or not any more. The error is as for BMCs.
func (c *Client) ConfirmRemovals(ctx context.Context, tenant, id string) (Confirmation, error) {
	var done confirmed
	path := "/v1/removals/" + url.PathEscape(tenant) + "/" + url.PathEscape(id) + "/confirm"
	err := c.ask(ctx, http.MethodPost, path, &done)
	return done.Confirmation, err
}

// Leases returns what each address is good for that was ever given away or set
// aside, sorted by pool and address. The error is as for BMCs.
func (c *Client) Leases(ctx context.Context) ([]Lease, error) {
	var l leases
	err := c.ask(ctx, http.MethodGet, "/v1/leases", &l)
	return l.Items, err
}

// ChangeLease asks for a change and returns the lease as it is then. The error is
// as for BMCs.
func (c *Client) ChangeLease(ctx context.Context, change LeaseChange) (Lease, error) {
	body, err := json.Marshal(change)
	if err != nil {
		return Lease{}, err
	}
	var l leases
	if err := c.send(ctx, http.MethodPost, "/v1/leases", bytes.NewReader(body), &l); err != nil {
		return Lease{}, err
	}
	if len(l.Items) != 1 {
		return Lease{}, fmt.Errorf("the daemon answered with %d leases", len(l.Items))
	}
	return l.Items[0], nil
}

// Maintenance returns what is in maintenance. The error is as for BMCs.
func (c *Client) Maintenance(ctx context.Context) ([]Maintenance, error) {
	var m maintenances
	err := c.ask(ctx, http.MethodGet, "/v1/maintenance", &m)
	return m.Items, err
}

// ChangeMaintenance asks for a change and returns what has begun or ended. The error
// is as for BMCs; ErrNotFound or ErrRefused, wrapped, when the daemon says no.
func (c *Client) ChangeMaintenance(ctx context.Context, change MaintenanceChange) (Maintenance, error) {
	var m maintenances
	if err := c.post(ctx, "/v1/maintenance", change, &m); err != nil {
		return Maintenance{}, err
	}
	if len(m.Items) != 1 {
		return Maintenance{}, fmt.Errorf("the daemon answered with %d items", len(m.Items))
	}
	return m.Items[0], nil
}

// Grants returns the accounts for a time. The error is as for BMCs.
func (c *Client) Grants(ctx context.Context) ([]Grant, error) {
	var all grantList
	err := c.ask(ctx, http.MethodGet, "/v1/access", &all)
	return all.Items, err
}

// GrantAccess asks for an account for a time and returns it with its password. The
// error is as for ChangeMaintenance.
func (c *Client) GrantAccess(ctx context.Context, r GrantRequest) (Grant, error) {
	var g oneGrant
	err := c.post(ctx, "/v1/access", r, &g)
	return g.Grant, err
}

// RevokeAccess ends an account for a time. The error is as for ChangeMaintenance.
func (c *Client) RevokeAccess(ctx context.Context, id string) (Grant, error) {
	var g oneGrant
	err := c.ask(ctx, http.MethodDelete, "/v1/access/"+url.PathEscape(id), &g)
	return g.Grant, err
}

// post sends a body as JSON.
func (c *Client) post(ctx context.Context, path string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return c.send(ctx, http.MethodPost, path, bytes.NewReader(text), into)
}

func (c *Client) ask(ctx context.Context, method, path string, into any) error {
	return c.send(ctx, method, path, nil, into)
}

func (c *Client) send(ctx context.Context, method, path string, body io.Reader, into any) error {
	answer, err := c.open(ctx, c.http, method, path, body)
	if err != nil {
		return err
	}
	defer answer.Close()
	if err := json.NewDecoder(io.LimitReader(answer, answerLimit)).Decode(into); err != nil {
		return fmt.Errorf("the daemon's answer to %s: %w", path, err)
	}
	return nil
}

// open returns what an answer says whose status is OK.
func (c *Client) open(ctx context.Context, by *http.Client, method, path string, body io.Reader) (io.ReadCloser, error) {
	// The host is only there because HTTP wants one.
	req, err := http.NewRequestWithContext(ctx, method, "http://bmc-gateway"+path, body)
	if err != nil {
		return nil, err
	}
	resp, err := by.Do(req)
	if err != nil {
		return nil, c.unreachable(err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp.Body, nil
	}
	defer resp.Body.Close()
	var f failure
	if json.NewDecoder(io.LimitReader(resp.Body, answerLimit)).Decode(&f) != nil || f.Error == "" {
		f.Error = fmt.Sprintf("the daemon refused %s: %s", path, resp.Status)
	}
	return nil, &refusedError{status: resp.StatusCode, why: f.Error}
}

// A refusedError is what the daemon said instead of an answer.
type refusedError struct {
	status int
	why    string
}

func (e *refusedError) Error() string { return e.why }

// Is makes a status the error that the daemon made it of.
func (e *refusedError) Is(target error) bool {
	switch target {
	case ErrNotFound:
		return e.status == http.StatusNotFound
	case ErrRefused:
		return e.status == http.StatusConflict
	default:
		return false
	}
}

// unreachable says in one line what the operator can do about it.
func (c *Client) unreachable(err error) error {
	why := err
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		why = wrapped.Err // without the made-up URL
	}
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%w at %s: is \"bmc-gateway serve\" running?", ErrUnreachable, c.path)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w at %s: permission denied; root and members of the socket's group may ask", ErrUnreachable, c.path)
	default:
		return fmt.Errorf("%w at %s: %w", ErrUnreachable, c.path, why)
	}
}
