extension Sequence where Element: Hashable {
    /// The elements without repetitions, in the order in which they first appear.
    package var distinct: [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}

extension Sequence {
    /// The elements in groups of equal keys, in the order in which the keys first appear.
    package func grouped<Key: Hashable>(by key: (Element) -> Key) -> [(key: Key, members: [Element])] {
        var places: [Key: Int] = [:]
        var groups: [(key: Key, members: [Element])] = []
        for element in self {
            let key = key(element)
            let place = places[key] ?? groups.count
            places[key] = place
            if place == groups.count { groups.append((key, [])) }
            groups[place].members.append(element)
        }
        return groups
    }
}
