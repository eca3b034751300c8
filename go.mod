module wardroom

go 1.26
