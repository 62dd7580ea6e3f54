package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

// Events returns the events after number since that the daemon remembers, of a
// tenant and of none, or all when tenant is empty. The error is as for BMCs.
func (c *Client) Events(ctx context.Context, since uint64, tenant string) ([]Event, error) {
	var h happened
	err := c.ask(ctx, http.MethodGet, eventsPath(since, tenant, false), &h)
	return h.Items, err
}

// Follow calls each with the events as Events returns them, and then with every
// new one, until each fails, ctx ends or the daemon does; the last is no error.
func (c *Client) Follow(ctx context.Context, since uint64, tenant string, each func(Event) error) error {
	patient := &http.Client{Transport: c.http.Transport} // it has no time-out
	answer, err := c.open(ctx, patient, http.MethodGet, eventsPath(since, tenant, true), nil)
	if err != nil {
		return err
	}
	defer answer.Close()
	for lines := json.NewDecoder(answer); ; {
		var e Event
		switch err := lines.Decode(&e); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("the daemon's events: %w", err)
		}
		if err := each(e); err != nil {
			return err
		}
	}
}

func eventsPath(since uint64, tenant string, follow bool) string {
	q := url.Values{"since": {strconv.FormatUint(since, 10)}}
	if tenant != "" {
		q.Set("tenant", tenant)
	}
	if follow {
		q.Set("follow", "true")
	}
	return "/v1/events?" + q.Encode()
}
