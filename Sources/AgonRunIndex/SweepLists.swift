import AgonConfiguration
import AgonSweeps

/// The lists of the sweeps whose runs are read: each is read once, since all its trials ask for it.
final class SweepLists {
    struct List {
        let name: String
        /// The values of the sweep's axes by the trial's ID.
        let settings: [String: [(axis: String, value: ConfigNode)]]
    }

    /// Nil for a folder without a readable list.
    private var known: [SweepFolder: List?] = [:]

    /// Nil if the sweep has no readable list.
    subscript(folder: SweepFolder) -> List? {
        if let list = known[folder] { return list }
        let list = (try? TrialList(folder)).map { list in
            List(name: list.name, settings: Dictionary(list.entries.map { ($0.id, $0.settings) }) { first, _ in first })
        }
        known[folder] = .some(list)
        return list
    }
}
