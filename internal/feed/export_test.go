package feed

// Quick is how many answers were made from memory and told something.
func Quick(f *Feed) int64 { return f.memory.answers.Load() }
