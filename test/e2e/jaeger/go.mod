// Builds Jaeger's all-in-one as it was released: `go build -mod=mod` fills in the rest.
// A module of our own is needed because `go install …@v1.62.0` refuses a go.mod with a `replace`.
module hermes-otel.invalid/e2e/jaeger

go 1.25

tool github.com/jaegertracing/jaeger/cmd/all-in-one

require github.com/jaegertracing/jaeger v1.62.0

replace github.com/Shopify/sarama => github.com/Shopify/sarama v1.33.0
