import Testing

@testable import AgonText

/// Durations, sizes and counts.
@Suite struct UnitTextTests {
    @Test func unitsAreForPeople() {
        #expect(
            [0, 59.4, 65, 7620, 100_000].map(DurationText.short) == [
                "0 s", "59 s", "1 min 05 s", "2 h 07 min", "1 d 03 h",
            ])
        #expect(
            [0, 999, 1000, 99_949, 99_950, 25_300_000, 1_300_000_000].map(SizeText.short)
                == ["0 B", "999 B", "1.0 kB", "99.9 kB", "100 kB", "25.3 MB", "1.3 GB"])
        #expect([0, 1, 2].map { CountText.short($0, "run") } == ["0 runs", "1 run", "2 runs"])
    }
}
