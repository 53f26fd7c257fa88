import AgonConfiguration
import Foundation

/// One direction of a sweep: the values of a path of keys, of several paths together, or configs.
public struct SweepAxis: ConfigDecodable, Sendable {
    public static var schemaName: String? { "Axis" }

    enum Kind: Sendable {
        case values(ConfigPath, [ConfigNode])
        case range(ConfigPath, AxisRange)
        case logRange(ConfigPath, AxisLogRange)
        /// Axes of the same length that go forward together.
        case zip([SweepAxis])
        /// Paths of files, as written, and the file that names them.
        case configs([String], namedIn: String)
        case cases([SweepCase])
    }

    /// One place on an axis.
    struct Point: Sendable {
        /// What the tables show: the names of axes and the values there.
        var labels: [(axis: String, value: ConfigNode)] = []
        var settings: [ConfigSetting] = []
        /// A config: its path, and as it was written.
        var config: (path: String, written: String)?
    }

    /// What columns and exclusions call it.
    let name: String
    let kind: Kind
    private let source: ConfigSource
    private let place: ConfigPath

    public init(from reader: ConfigReader) throws {
        let name = try reader.optionalString(
            "name", "What tables and exclusions call the axis; its path of keys if not given.")
        let path = try reader.optionalString("path", "The path of keys that the values are set at.")
        let values = try reader.optionalNode("values", "An array of values, of any kind.")
        let range = try reader.optionalSection("range", AxisRange.self, "Numbers a step apart.")
        let logRange = try reader.optionalSection("logRange", AxisLogRange.self, "Numbers a factor apart.")
        let zip = try reader.optionalArray(
            "zip", of: SweepAxis.self, count: 2..., "Axes of the same length that go forward together.")
        let configs = try reader.optionalStrings(
            "config", count: 1..., "Config files, relative to this file, in place of the sweep's base.")
        let cases = try reader.optionalArray(
            "cases", of: SweepCase.self, count: 1..., "Named sets of values, each a point.")
        source = reader.source
        place = reader.path
        guard !reader.isDescribing else {
            self.name = ""
            kind = .cases([])
            return
        }

        let given = [
            ("values", values != nil), ("range", range != nil), ("logRange", logRange != nil), ("zip", zip != nil),
            ("config", configs != nil), ("cases", cases != nil),
        ].filter(\.1).map(\.0)
        guard given.count == 1 else {
            throw reader.fail(
                given.isEmpty
                    ? "missing: one of 'values', 'range', 'logRange', 'zip', 'config', 'cases'"
                    : "\(given.map { "'\($0)'" }.joined(separator: " and ")) exclude each other")
        }
        let takesPath = ["values", "range", "logRange"].contains(given[0])
        try reader.require(
            (path != nil) == takesPath, "path",
            takesPath ? "missing beside '\(given[0])'" : "not allowed beside '\(given[0])'")
        let keys = try path.map { text in
            guard let keys = ConfigPath(text) else { throw reader.fail("path", "'\(text)' is no path of keys") }
            return keys
        }
        if let values {
            guard let elements = values.array, !elements.isEmpty else {
                throw reader.fail("values", "expected an array of at least 1 element, found \(values.summary)")
            }
            kind = .values(keys ?? .root, elements)
        } else if let range {
            kind = .range(keys ?? .root, range)
        } else if let logRange {
            kind = .logRange(keys ?? .root, logRange)
        } else if let zip {
            try reader.require(name == nil, "name", "the zipped axes have names of their own")
            kind = .zip(zip)
        } else if let configs {
            kind = .configs(configs, namedIn: reader.source(of: "config").file)
        } else {
            kind = .cases(cases ?? [])
        }
        let isCases = cases != nil
        try reader.require(!isCases || name != nil, "name", "missing: axes of 'cases' need a name")
        try reader.require(name?.isEmpty != true, "name", "is empty")
        self.name = name ?? (configs == nil ? keys?.description ?? "" : "config")
        if isCases {
            let names = (cases ?? []).map(\.name)
            try reader.require(Set(names).count == names.count, "cases", "two cases have the same name")
        }
    }

    /// The names of this axis and of those zipped in it.
    var names: [String] {
        if case .zip(let axes) = kind { axes.flatMap(\.names) } else { [name] }
    }

    /// The paths that it sets, each once.
    var paths: [ConfigPath] {
        switch kind {
        case .values(let path, _), .range(let path, _), .logRange(let path, _): [path]
        case .zip(let axes): axes.flatMap(\.paths)
        case .cases(let cases):
            cases.flatMap(\.settings).map(\.path).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        case .configs: []
        }
    }

    var namesConfigs: Bool {
        switch kind {
        case .configs: true
        case .zip(let axes): axes.contains(where: \.namesConfigs)
        default: false
        }
    }

    // MARK: Points

    /// All points, in order.
    ///
    /// Throws `ConfigError.unfit` for a range that says nothing of its steps, and zipped axes of different lengths.
    func points() throws -> [Point] {
        switch kind {
        case .values(let path, let values): return values.map { point(path, $0) }
        case .range(let path, let range):
            guard let values = range.values else { throw unsteady("step", of: "range") }
            return values.map { point(path, $0) }
        case .logRange(let path, let range):
            guard let values = range.values else { throw unsteady("count", of: "logRange") }
            return values.map { point(path, $0) }
        case .configs(let paths, let file):
            return paths.map { path in
                Point(
                    labels: [(name, ConfigNode(SweepPaths.label(path)))], config: (SweepPaths.join(file, path), path))
            }
        case .cases(let cases):
            return cases.map { Point(labels: [(name, ConfigNode($0.name))], settings: $0.settings) }
        case .zip(let axes):
            let columns = try axes.map { try $0.points() }
            guard Set(columns.map(\.count)).count == 1 else {
                throw ConfigError.unfit(
                    source, place,
                    "zipped axes must have the same length; these have "
                        + columns.map { String($0.count) }.joined(separator: ", "))
            }
            return columns[0].indices.map { row in columns.dropFirst().reduce(columns[0][row]) { $0.joined($1[row]) } }
        }
    }

    /// A point by chance: any of the list, or any number between the ends where a range has no steps.
    ///
    /// - Parameter uniform: a number in [0, 1) for the axis of a name.
    func draw(_ uniform: (String) -> Double) throws -> Point {
        switch kind {
        case .range(let path, let range) where range.step == nil:
            return point(path, range.value(at: uniform(name)))
        case .logRange(let path, let range) where range.count == nil:
            return point(path, range.value(at: uniform(name)))
        default:
            let points = try points()
            return points[min(Int(uniform(names.joined(separator: "+")) * Double(points.count)), points.count - 1)]
        }
    }

    /// Whether it has any number of points.
    var isContinuous: Bool {
        switch kind {
        case .range(_, let range): range.step == nil
        case .logRange(_, let range): range.count == nil
        default: false
        }
    }

    private func point(_ path: ConfigPath, _ value: ConfigNode) -> Point {
        let value = value.source == .program ? ConfigNode(value.content, source: source) : value
        return Point(labels: [(name, value)], settings: [ConfigSetting(path: path, value: value)])
    }

    private func unsteady(_ key: String, of range: String) -> ConfigError {
        .unfit(source, place.key(range), "missing key '\(key)'; only random draws do without")
    }
}

extension SweepAxis.Point {
    func joined(_ other: Self) -> Self {
        Self(
            labels: labels + other.labels, settings: settings + other.settings, config: config ?? other.config)
    }
}

/// A named set of values.
struct SweepCase: ConfigDecodable, Sendable {
    let name: String
    let settings: [ConfigSetting]

    init(from reader: ConfigReader) throws {
        name = try reader.string("name", "What tables call the case.")
        settings = try ConfigSetting.read("set", from: reader, "Paths of keys and what stands there, as by --set.")
    }
}
