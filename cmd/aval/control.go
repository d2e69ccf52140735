package main

import (
	"bytes"
	"context"
	"encoding/base64"
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

// An order is a command on an open register. It reads its parameters strictly,
// perhaps a file from in, and writes its result to out.
type order func(ctx context.Context, h *house, params json.RawMessage, in io.Reader, out io.Writer) error

// orders are the commands that a control socket takes.
var orders = map[string]order{
	"structure add":  ordered(addStructure),
	"structure link": ordered(makeLink),
	"clock confirm":  ordered(confirmClock),
	"glass show":     ordered(showGlass),
	"extract":        ordered(extract),
	"retention run":  ordered(runRetention),
	"backup":         ordered(backup),
	"check":          ordered(checkLogs),
	"import places":  orderedWith(importPlaces),
}

func ordered[P any](fn func(context.Context, *house, P, io.Writer) error) order {
	return orderedWith(func(ctx context.Context, h *house, params P, _ io.Reader, out io.Writer) error {
		return fn(ctx, h, params, out)
	})
}

// orderedWith is an order that reads a file.
func orderedWith[P any](fn func(context.Context, *house, P, io.Reader, io.Writer) error) order {
	return func(ctx context.Context, h *house, raw json.RawMessage, in io.Reader, out io.Writer) error {
		var params P
		d := json.NewDecoder(bytes.NewReader(raw))
		d.DisallowUnknownFields()
		if err := d.Decode(&params); err != nil {
			return misuse("parameters are not of their form")
		}
		return fn(ctx, h, params, in, out)
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
		params, err := readOrder(w, r)
		if err != nil {
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
			return
		}
		// A file is read while the answer is written, and may take its time.
		c := http.NewResponseController(w)
		if err := errors.Join(c.EnableFullDuplex(), c.SetReadDeadline(time.Time{})); err != nil {
			http.Error(w, "not possible", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Trailer", trailerStatus+", "+trailerMessage)
		w.WriteHeader(http.StatusOK)
		err = answer(do(r.Context(), h, params, r.Body, w))
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

// readOrder reads the parameters of an order: the body, or a header when the body is
// a file.
func readOrder(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if params := r.Header.Get(headerParams); params != "" {
		return base64.StdEncoding.DecodeString(params) // servers bound their headers
	}
	return io.ReadAll(http.MaxBytesReader(w, r.Body, maxOrder))
}

// headerParams holds an order's parameters beside a file, in base64.
const headerParams = "Aval-Params"

// order does a command on the register, through its server if one runs.
func (p *program) order(ctx context.Context, f folders, name string, params any, out io.Writer) error {
	return p.orderWith(ctx, f, name, params, nil, out)
}

// orderWith is order with a file to read.
func (p *program) orderWith(ctx context.Context, f folders, name string, params any, in io.Reader, out io.Writer) error {
	if err := f.check(); err != nil {
		return err
	}
	raw, err := json.Marshal(params)
	if err != nil {
		return err
	}
	if conn, err := net.DialTimeout("unix", f.in(fileControl), time.Second); err == nil {
		return orderOver(ctx, conn, name, raw, in, out)
	}
	open := p.ready
	if name == "clock confirm" {
		open = p.open // the clock is what is wrong
	}
	h, err := open(ctx, f)
	if err != nil {
		return err
	}
	err = answer(orders[name](ctx, h, raw, in, out))
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

func orderOver(ctx context.Context, conn net.Conn, name string, params []byte, in io.Reader, out io.Writer) error {
	client := &http.Client{Transport: &http.Transport{
		DialContext:       func(context.Context, string, string) (net.Conn, error) { return conn, nil },
		DisableKeepAlives: true,
	}}
	body := in
	if in == nil {
		body = bytes.NewReader(params)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://aval/", body)
	if err != nil {
		return err
	}
	if in != nil {
		req.Header.Set(headerParams, base64.StdEncoding.EncodeToString(params))
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
