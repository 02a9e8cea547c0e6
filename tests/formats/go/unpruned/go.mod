module example.com/acme/old

go 1.16

require (
	example.com/acme/greet v1.1.0
	example.com/acme/tool v0.9.0
)

exclude example.com/acme/text v0.3.0

retract v0.0.1 // broken
