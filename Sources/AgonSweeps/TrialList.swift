import AgonConfiguration
import Foundation

/// The contents of `trials.json`: everything needed to run the trials of a sweep and to tabulate them.
public struct TrialList: Sendable {
    public struct Entry: Sendable {
        public let id: String
        /// The values of the sweep's axes, the seed last.
        public let settings: [(axis: String, value: ConfigNode)]
        /// The name of the base config in tables.
        public let base: String
        public let steps: Int

        public var label: String { SweepTrial.label(settings) }
    }

    public let name: String
    /// The path of the sweep file as given by the user.
    public let file: String
    /// The working folder in which the sweep was prepared. Paths in configs are relative to it.
    public let root: String
    public let axes: [String]
    public let stop: MedianRule?
    public let entries: [Entry]

    package init(_ sweep: Sweep) {
        name = sweep.configuration.name
        file = sweep.file
        root = FileManager.default.currentDirectoryPath
        axes = sweep.axes
        stop = sweep.configuration.stop
        entries = sweep.trials.map(Entry.init)
    }

    /// Reads the list of a sweep's folder.
    ///
    /// Throws `SweepError.noSweep`, `ConfigError`.
    public init(_ folder: SweepFolder) throws {
        guard FileManager.default.fileExists(atPath: folder.listPath) else {
            throw SweepError.noSweep(folder: folder.path)
        }
        let node = try ConfigNode.load(path: folder.listPath)
        guard let name = node["sweep"]?.string, FileBytes.isName(name), let root = node["root"]?.string,
            let trials = node["trials"]?.array
        else {
            throw SweepError.badList(path: folder.listPath)
        }
        self.name = name
        self.root = root
        file = node["file"]?.string ?? ""
        axes = node["axes"]?.array?.compactMap(\.string) ?? []
        stop = try node["stop"].flatMap { $0.isNull ? nil : try ConfigReader.decode(MedianRule.self, from: $0).value }
        entries = try trials.map { trial in
            guard let id = trial["id"]?.string, FileBytes.isName(id), let settings = trial["settings"]?.object,
                let steps = trial["steps"]?.integer
            else { throw SweepError.badList(path: folder.listPath) }
            return Entry(
                id: id, settings: settings.members.map { ($0.key, $0.value) }, base: trial["base"]?.string ?? "",
                steps: steps)
        }
    }

    var node: ConfigNode {
        [
            "sweep": ConfigNode(name), "file": ConfigNode(file), "root": ConfigNode(root),
            "axes": ConfigNode(axes.map { ConfigNode($0) }), "stop": stop?.node ?? .null,
            "trials": ConfigNode(
                entries.map { entry in
                    var settings = ConfigObject()
                    for setting in entry.settings { settings[setting.axis] = setting.value }
                    return [
                        "id": ConfigNode(entry.id), "base": ConfigNode(entry.base), "settings": ConfigNode(settings),
                        "steps": ConfigNode(entry.steps),
                    ]
                }),
        ]
    }
}

extension TrialList.Entry {
    package init(_ trial: SweepTrial) {
        self.init(
            id: trial.id, settings: trial.settings, base: trial.base, steps: trial.experiment.configuration.steps)
    }
}
