module example.com/acme/app/tools

go 1.19

require (
	example.com/acme/codec v1.0.0
	example.com/acme/flags/v2 v2.0.0
)

require example.com/acme/base v1.1.0 // indirect
