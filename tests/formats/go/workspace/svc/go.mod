module example.com/acme/svc

go 1.19

require (
	example.com/acme/greet v1.2.0
	example.com/acme/lib v0.0.0
)

require (
	example.com/acme/check v1.0.0 // indirect
	example.com/acme/color v0.5.0 // indirect
	example.com/acme/diff v0.1.0 // indirect
	example.com/acme/text v0.3.0 // indirect
)

replace example.com/acme/lib => ../lib
