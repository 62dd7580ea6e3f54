package admin

import (
	"encoding/json"
	"errors"
	"net/http"
)

// requestLimit is the most the body of a request has, bytes.
const requestLimit = 16 << 10

// wanted reads the body of a request into v; false when it has been refused.
func wanted(w http.ResponseWriter, r *http.Request, v any) bool {
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, requestLimit))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return false
	}
	return true
}

// refuseFor answers with an error of a Source.
func refuseFor(w http.ResponseWriter, err error) {
	code := http.StatusConflict
	switch {
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrNoTenant):
		code = http.StatusNotFound
	case errors.Is(err, ErrAction):
		code = http.StatusBadRequest
	}
	refuse(w, code, err.Error())
}
