// Package door has what the two doors of the register share, the JSON door
// (api/v1) and the pages (api/pages): who asks, with which request; screening of
// texts before they go in; sessions and cards; and the one table from an error
// to what a reader is told. It decides nothing: the use-cases do.
//
// The life of a request:
//
//  1. Package api makes a [Visit] (identifier, language, session token) and puts
//     it into the request's context; [VisitOf] finds it.
//  2. A handler asks [Door.Actor] (or [Door.Card]) who that is and hands the
//     answer to a use-case as a parameter: no use-case looks into a context.
//  3. Free texts go through [Door.Screen], a whole form at once.
//  4. An error is returned as it is. Package api turns it into a [Fault] and
//     shows that as a problem document or as a page.
//
// Package api mounts the pages by New(*Door) (*Pages, error) and their methods
// Staff(*echo.Group), Public(*echo.Group) and Fault(echo.Context, *Visit, Fault)
// error, which shows a fault as a page.
package door
