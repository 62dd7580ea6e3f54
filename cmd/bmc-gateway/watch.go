package main

import (
	"context"
	"errors"
)

// quietEnd is how a command that goes on until it is interrupted ends: that it
// was is no error.
func quietEnd(ctx context.Context, err error) error {
	if ctx.Err() != nil && (err == nil || errors.Is(err, context.Canceled)) {
		return nil
	}
	return err
}
