/// The candidate that a misspelt name most likely means; nil if none is similar.
///
/// The distance counts inserted, deleted, replaced and swapped neighbouring characters (optimal string alignment, the
/// restricted Damerau-Levenshtein distance), ignoring case, `_` and `-`; up to a third of the name, and at least
/// one, may differ. Common leading keys of paths are ignored: the rest must be similar. Of equally similar candidates,
/// the first is taken.
public func nearestName(to name: String, in candidates: some Sequence<String>) -> String? {
    // Longer texts are not names; comparing them would waste time.
    guard plainLetters(name).count <= 128 else { return nil }
    var best: (name: String, distance: Int)?
    for candidate in candidates where candidate != name {
        let (wanted, letters) = withoutCommonKeys(name, candidate)
        let length = max(wanted.count, letters.count)
        // A candidate with nothing in common does not help, however short both are.
        let limit = min(max(1, wanted.count / 3), length - 1)
        guard abs(wanted.count - letters.count) <= limit else { continue }
        let distance = alignmentDistance(wanted, letters)
        if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.name
}

private func plainLetters(_ name: String) -> [Character] {
    name.lowercased().filter { $0 != "_" && $0 != "-" }
}

/// The letters of two paths after their common leading keys; the last key of each is always kept.
private func withoutCommonKeys(_ first: String, _ second: String) -> ([Character], [Character]) {
    var keys = [first, second].map { plainLetters($0).split(separator: ".", omittingEmptySubsequences: false) }
    while keys[0].count > 1, keys[1].count > 1, keys[0][0] == keys[1][0] {
        keys[0].removeFirst()
        keys[1].removeFirst()
    }
    return (Array(keys[0].joined(separator: ["."])), Array(keys[1].joined(separator: ["."])))
}

private func alignmentDistance(_ first: [Character], _ second: [Character]) -> Int {
    var beforePrevious: [Int] = []
    var previous = Array(0...second.count)
    for row in first.indices {
        var current = [row + 1]
        for column in second.indices {
            let isSame = first[row] == second[column]
            var cost = min(previous[column] + (isSame ? 0 : 1), previous[column + 1] + 1, current[column] + 1)
            if row > 0, column > 0, first[row] == second[column - 1], first[row - 1] == second[column] {
                cost = min(cost, beforePrevious[column - 1] + 1)
            }
            current.append(cost)
        }
        beforePrevious = previous
        previous = current
    }
    return previous[second.count]
}
