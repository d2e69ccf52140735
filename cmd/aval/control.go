package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"
)

// A served store is locked by its server, so commands on a register go to the
// server's control socket when there is one, and open the store themselves when
// there is none. Either way the same function does the work.

// An order is a command on an open register. It reads its parameters strictly
// and writes its result to out.
type order func(ctx context.Context, h *house, params json.RawMessage, out io.Writer) error

// orders are the commands that a control socket takes.
var orders = map[string]order{
	"structure add":  ordered(addStructure),
	"structure link": ordered(makeLink),
	"clock confirm":  ordered(confirmClock),
	"extract":        ordered(extract),
	"retention run":  ordered(runRetention),
	"backup":         ordered(backup),
	"check":          ordered(checkLogs),
}

func ordered[P any](fn func(context.Context, *house, P, io.Writer) error) order {
	return func(ctx context.Context, h *house, raw json.RawMessage, out io.Writer) error {
		var params P
		d := json.NewDecoder(bytes.NewReader(raw))
		d.DisallowUnknownFields()
		if err := d.Decode(&params); err != nil {
			return misuse("parameters are not of their form")
		}
		return fn(ctx, h, params, out)
	}
}

// Trailers that end an answer on the control socket.
const (
	trailerStatus  = "Aval-Status"
	trailerMessage = "Aval-Message"
)

// maxSocketPath is what a Unix socket's address holds (unix(7): 108 bytes with the
// zero that ends it; 104 on other systems).
const maxSocketPath = 103

// maxOrder bounds the parameters of an order, in bytes.
const maxOrder = 64 << 10

// control is the handler behind the socket. The socket's file is for the owner
// alone, which is all its protection: whoever may open the store may give orders.
func (h *house) control() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		do, ok := orders[r.Header.Get("Aval-Order")]
		if !ok || r.Method != http.MethodPost {
			http.NotFound(w, r)
			return
		}
		params, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxOrder))
		if err != nil {
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
			return
		}
		w.Header().Set("Trailer", trailerStatus+", "+trailerMessage)
		w.WriteHeader(http.StatusOK)
		err = answer(do(r.Context(), h, params, w))
		status, message := exitDone, ""
		if err != nil {
			status, message = exitCannot, oneLine(err)
			var f *failure
			if errors.As(err, &f) {
				status = f.status
			}
		}
		w.Header().Set(trailerStatus, strconv.Itoa(status))
		w.Header().Set(trailerMessage, strconv.QuoteToASCII(message))
	})
}

// order does a command on the register, through its server if one runs.
func (p *program) order(ctx context.Context, f folders, name string, params any, out io.Writer) error {
	if err := f.check(); err != nil {
		return err
	}
	raw, err := json.Marshal(params)
	if err != nil {
		return err
	}
	if conn, err := net.DialTimeout("unix", f.in(fileControl), time.Second); err == nil {
		return orderOver(ctx, conn, name, raw, out)
	}
	open := p.ready
	if name == "clock confirm" {
		open = p.open // the clock is what is wrong
	}
	h, err := open(ctx, f)
	if err != nil {
		return err
	}
	err = answer(orders[name](ctx, h, raw, out))
	return errors.Join(err, closeQuietly(ctx, h, err))
}

// closeQuietly reports what closing found only when nothing was wrong before, so
// that the terminal shows one line.
func closeQuietly(ctx context.Context, h *house, before error) error {
	if err := h.close(ctx); err != nil && before == nil {
		return storeFailure(err)
	}
	return nil
}

func orderOver(ctx context.Context, conn net.Conn, name string, params []byte, out io.Writer) error {
	client := &http.Client{Transport: &http.Transport{
		DialContext:       func(context.Context, string, string) (net.Conn, error) { return conn, nil },
		DisableKeepAlives: true,
	}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://aval/", bytes.NewReader(params))
	if err != nil {
		return err
	}
	req.Header.Set("Aval-Order", name)
	res, err := client.Do(req)
	if err != nil {
		return cannot("the server did not answer on its control socket: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return cannot("the server does not know this command; it may be of another version")
	}
	if _, err := io.Copy(out, res.Body); err != nil {
		return cannot("the server broke the answer off: %w", err)
	}
	status, err := strconv.Atoi(res.Trailer.Get(trailerStatus))
	if err != nil {
		return cannot("the server broke the answer off")
	}
	if status == exitDone {
		return nil
	}
	message, err := strconv.Unquote(res.Trailer.Get(trailerMessage))
	if err != nil {
		message = "the server could not do it"
	}
	return &failure{status, errors.New(message)}
}

// listenControl makes the socket, for the owner alone from its first instant.
func (h *house) listenControl() (net.Listener, error) {
	path := h.in(fileControl)
	if len(path) > maxSocketPath {
		return nil, fmt.Errorf("the path of the data folder is too long for a control socket: at most %d bytes with its name", maxSocketPath)
	}
	// The store's lock is ours, so a socket left here is nobody's.
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	l, err := listenPrivate(path)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	return l, nil
}
