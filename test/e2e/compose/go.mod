// The loader of Docker Compose: `go build -mod=mod` fills in the rest.
module hermes-otel.invalid/e2e/compose

go 1.25

require github.com/compose-spec/compose-go/v2 v2.16.2
