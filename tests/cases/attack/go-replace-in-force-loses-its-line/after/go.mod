module example.com/app

go 1.18

require (
	example.com/c v1.5.9 // indirect
	example.com/opa v0.40.0
)

replace example.com/c v1.5.9 => example.com/c v1.5.10
