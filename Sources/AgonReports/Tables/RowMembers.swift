import AgonConfiguration
import AgonText

/// Finds what belongs to a row by the values of its conditions. Comparing each item with each row would take minutes in
/// a table of thousands of rows.
final class RowMembers<Item> {
    private let items: [Item]
    private let value: (Item, String) -> ConfigNode?
    /// By the keys of conditions: the places of the items that share the values of these keys.
    private var groups: [[String]: [[String?]: [Int]]] = [:]

    /// - Parameter value: the value of an item at a key of conditions; nil if it has none.
    init(_ items: [Item], value: @escaping (Item, String) -> ConfigNode?) {
        self.items = items
        self.value = value
    }

    /// The items of a row, in order.
    func of(_ row: TableRow) -> [Item] {
        let groups = groups(by: row.conditions.map(\.key))
        var places: [Int] = []
        func collect(_ values: [String?], _ conditions: ArraySlice<TableRow.Condition>) {
            guard let condition = conditions.first else { return places += groups[values] ?? [] }
            for value in condition.value.accepted { collect(values + [value], conditions.dropFirst()) }
        }
        collect([], row.conditions[...])
        return places.sorted().map { items[$0] }
    }

    private func groups(by keys: [String]) -> [[String?]: [Int]] {
        if let known = groups[keys] { return known }
        let made = Dictionary(grouping: items.indices) { place in
            keys.map { value(items[place], $0)?.canonicalText }
        }
        groups[keys] = made
        return made
    }
}

extension ConfigNode {
    /// The canonical texts of the values that meet a condition with this value; nil stands for no value at all.
    fileprivate var accepted: [String?] {
        (isNull ? [nil] : []) + ([self] + (array ?? [])).map(\.canonicalText).distinct
    }
}
