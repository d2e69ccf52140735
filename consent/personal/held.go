package personal

import (
	"encoding/binary"
	"time"
)

const maxHeld = 32 << 10 // bytes of a form

func heldContext(session string) string { return "form/" + session }

// HoldForm closes the bytes of a form for one session, until an instant.
func (k *Keyring) HoldForm(session string, until time.Time, form []byte) (string, error) {
	if len(form) > maxHeld {
		return "", ErrClosed
	}
	plain := binary.BigEndian.AppendUint64(make([]byte, 0, 8+len(form)), uint64(until.UnixMicro()))
	return b64.EncodeToString(k.close(heldContext(session), append(plain, form...))), nil
}

// HeldForm opens what HoldForm closed for the session, before its end. The error is
// ErrClosed or ErrEpoch.
func (k *Keyring) HeldForm(session string, now time.Time, held string) ([]byte, error) {
	if len(held) > 2*maxHeld {
		return nil, ErrClosed
	}
	closed, err := decode64(held)
	if err != nil {
		return nil, ErrClosed
	}
	plain, err := k.open(heldContext(session), closed)
	if err != nil {
		return nil, err
	}
	if len(plain) < 8 || now.UnixMicro() >= int64(binary.BigEndian.Uint64(plain)) {
		return nil, ErrClosed
	}
	return plain[8:], nil
}
