module example.com/acme/svc

go 1.19

require example.com/acme/tool v0.9.0

require (
	example.com/acme/greet v1.0.0 // indirect
	example.com/acme/text v0.1.0 // indirect
)
