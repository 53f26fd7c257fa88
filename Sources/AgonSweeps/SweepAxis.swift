import AgonConfiguration
import Foundation

/// One axis of a sweep: the values of one path of keys, of several paths in parallel, or configs.
public struct SweepAxis: ConfigDecodable, Sendable {
    public static var schemaName: String? { "Axis" }

    enum Kind: Sendable {
        case values(ConfigPath, [ConfigNode])
        case range(ConfigPath, AxisRange)
        case logRange(ConfigPath, AxisLogRange)
        /// Axes of the same length that advance together.
        case zip([SweepAxis])
        /// Config paths as written, and the file that names them.
        case configs([String], namedIn: String)
        case cases([SweepCase])
    }

    /// One point on an axis.
    struct Point: Sendable {
        /// The axis names and values that tables show.
        var labels: [(axis: String, value: ConfigNode)] = []
        var settings: [ConfigSetting] = []
        /// The path of a config, and its name in tables.
        var config: (path: String, label: String)?
    }

    /// The name of the axis in columns and exclusions.
    let name: String
    let kind: Kind
    private let source: ConfigSource
    private let place: ConfigPath

    public init(from reader: ConfigReader) throws {
        let name = try reader.optionalString(
            "name", "The name of the axis in tables and exclusions; default: its path of keys.")
        let path = try reader.optionalString("path", "The path of keys that the axis sets.")
        let values = try reader.optionalNode("values", "An array of values of any type.")
        let range: AxisRange? = try reader.optionalSection("range", "Evenly spaced numbers.")
        let logRange: AxisLogRange? = try reader.optionalSection("logRange", "Logarithmically spaced numbers.")
        let zip = try reader.optionalArray(
            "zip", of: SweepAxis.self, count: 2..., "Axes of the same length that advance together.")
        let configs = try reader.optionalStrings(
            "config", count: 1...,
            "Configs that replace the sweep's base: files, relative to this file, or names of configs that come with "
                + "Agon.")
        let cases = try reader.optionalArray(
            "cases", of: SweepCase.self, count: 1..., "Named sets of values; each set is a point.")
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
                    : "\(given.map { "'\($0)'" }.joined(separator: " and ")) cannot be combined")
        }
        let takesPath = ["values", "range", "logRange"].contains(given[0])
        try reader.require(
            (path != nil) == takesPath, "path",
            takesPath ? "missing; '\(given[0])' needs it" : "not allowed with '\(given[0])'")
        let keys = try path.map { text in
            guard let keys = ConfigPath(text) else { throw reader.fail("path", "'\(text)' is not a path of keys") }
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
            try reader.require(name == nil, "name", "not allowed with 'zip'; name the zipped axes instead")
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

    /// The name of this axis, or the names of its zipped axes.
    var names: [String] {
        if case .zip(let axes) = kind { axes.flatMap(\.names) } else { [name] }
    }

    /// The paths that it sets, without duplicates.
    var paths: [ConfigPath] {
        switch kind {
        case .values(let path, _), .range(let path, _), .logRange(let path, _): [path]
        case .zip(let axes): axes.flatMap(\.paths)
        case .cases(let cases): cases.flatMap(\.settings).map(\.path).distinct
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
    /// Throws `ConfigError.unfit` for a continuous range, and for zipped axes of different lengths.
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
                let label = SweepPaths.label(path, in: file)
                return Point(labels: [(name, ConfigNode(label))], config: (SweepPaths.config(file, path), label))
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

    /// A random point: an element of the list, or any number of a continuous range.
    ///
    /// - Parameter uniform: a random number in [0, 1) for an axis name.
    func draw(_ uniform: (String) -> Double) throws -> Point {
        switch kind {
        case .range(let path, let range) where range.step == nil:
            return point(path, range.value(at: uniform(name)))
        case .logRange(let path, let range) where range.count == nil:
            return point(path, range.value(at: uniform(name)))
        case .zip(let axes) where axes.allSatisfy(\.isContinuous):
            // Zipped ranges go along with each other.
            let share = uniform(names.joined(separator: "+"))
            let points = try axes.map { try $0.draw { _ in share } }
            return points.dropFirst().reduce(points[0]) { $0.joined($1) }
        default:
            let points = try points()
            return points[min(Int(uniform(names.joined(separator: "+")) * Double(points.count)), points.count - 1)]
        }
    }

    private var isContinuous: Bool {
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
        .unfit(
            source, place.key(range),
            "missing key '\(key)'; only random draws can omit it, and zipped axes only together")
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
        name = try reader.string("name", "The name of the case in tables.")
        settings = try ConfigSetting.read("set", from: reader, "Paths of keys with their values, as for --set.")
    }
}
