// Builds Jaeger 2.13.0, whose sources are version 1.76.0 of the module: `go build -mod=mod` fills in the rest.
// A module of our own is needed because `go install …@v1.76.0` refuses a go.mod with a `replace`.
module hermes-otel.invalid/e2e/jaeger

go 1.25

tool github.com/jaegertracing/jaeger/cmd/jaeger

require github.com/jaegertracing/jaeger v1.76.0
