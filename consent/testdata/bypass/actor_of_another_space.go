// refused: a.space undefined

package bypass

import (
	"aval/consent"
)

func move(a, other consent.Actor) consent.Actor {
	a.space = other.SpaceSlug()
	return a
}
