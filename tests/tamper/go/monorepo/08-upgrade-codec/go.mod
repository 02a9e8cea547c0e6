module example.com/acme/app

go 1.19

require example.com/acme/http v0.4.0

require (
	example.com/acme/base v1.1.0 // indirect
	example.com/acme/codec v1.1.0 // indirect
)
