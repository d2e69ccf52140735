// refused: r.rec undefined

package bypass

import (
	"aval/consent"
)

func recorder(r *consent.Register) *consent.Recorder { return r.rec }
