import AgonConfiguration
import AgonRuns
import AgonSweeps
import AgonTensors
import CAgonSQLite
import Foundation

/// An index of runs for fast queries: an SQLite file that caches only what the runs' folders contain.
///
/// Each use compares it with the folders and reads what changed. A file that is missing, damaged, of another version or
/// not writable only costs time; several processes may use it at once. Its methods throw `RunIndexError`.
public final class RunIndex {
    /// A row of a listing.
    public struct Row: Sendable {
        public let run: RunFolder
        /// The requested facts; text, and numbers as written.
        public let facts: [String: String]
        public let numbers: [String: Double]

        public subscript(key: String) -> String? { facts[key] }
    }

    private static let version: Int64 = 5
    private let path: String
    private let patience: Double
    private var database: SQLiteDatabase

    /// - Parameter path: the SQLite file; nil for the one in Agon's cache.
    public convenience init(path: String? = nil) {
        self.init(path: path ?? CacheFolder.path("runs.sqlite"), patience: 30)
    }

    /// - Parameter patience: how many seconds to wait for other processes that use the file.
    init(path: String, patience: Double) {
        self.path = path
        self.patience = patience
        database = Self.open(path, patience)
    }

    // MARK: Opening

    private static func open(_ path: String, _ patience: Double) -> SQLiteDatabase {
        try? FileManager.default.createDirectory(
            atPath: FilePath.parent(of: path), withIntermediateDirectories: true)
        for _ in 0..<2 {
            do {
                return try prepared(path, patience)
            } catch let error as SQLiteError where isDamage(error) || error.code == SQLITE_ERROR {
                // These statements are sound, so an error in one means that the file's tables are others.
                remove(path)
            } catch {
                break
            }
        }
        return inMemory()
    }

    /// Whether the file is not a database, or a broken one. A busy database or a full disk is no damage, nor is a query
    /// that SQLite refuses.
    static func isDamage(_ error: SQLiteError) -> Bool { [SQLITE_NOTADB, SQLITE_CORRUPT].contains(error.code) }

    private static func inMemory() -> SQLiteDatabase {
        do {
            let database = try SQLiteDatabase(path: ":memory:")
            try database.write { try create(in: database) }
            return database
        } catch {
            preconditionFailure("SQLite cannot keep a database in memory: \(error)")
        }
    }

    private static func prepared(_ path: String, _ patience: Double) throws -> SQLiteDatabase {
        let database = try SQLiteDatabase(path: path, busyTimeout: patience)
        // A power cut may damage the index, which can be rebuilt.
        try database.execute("PRAGMA synchronous = OFF")
        try database.write {
            let versions = try database.prepare("PRAGMA user_version").rows { $0.integer(0) }
            if versions != [version] { try create(in: database) }
        }
        try checkTables(of: database)
        return database
    }

    /// Throws `SQLiteError` if a table or a column is missing.
    private static func checkTables(of database: SQLiteDatabase) throws {
        for columns in [
            "id, path, mark, state FROM runs", "run, key, text, number, setting FROM facts",
            "run, metric, identity, key, training FROM identities",
        ] { _ = try database.prepare("SELECT \(columns)") }
    }

    private static func create(in database: SQLiteDatabase) throws {
        try database.execute(
            """
            DROP TABLE IF EXISTS identities;
            DROP TABLE IF EXISTS facts;
            DROP TABLE IF EXISTS runs;
            CREATE TABLE runs (
              id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, mark TEXT NOT NULL, state TEXT NOT NULL);
            CREATE TABLE facts (
              run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, key TEXT NOT NULL, text TEXT NOT NULL,
              number REAL, setting INTEGER NOT NULL, PRIMARY KEY (run, key)) WITHOUT ROWID;
            CREATE INDEX facts_by_key ON facts (key, number);
            CREATE TABLE identities (
              run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, metric TEXT NOT NULL, identity TEXT NOT NULL,
              key TEXT NOT NULL, training INTEGER NOT NULL,
              PRIMARY KEY (run, metric, identity)) WITHOUT ROWID;
            PRAGMA user_version = \(version);
            """)
    }

    private static func remove(_ path: String) {
        for suffix in ["", "-journal", "-wal", "-shm"] { unlink(path + suffix) }
    }

    /// Runs `body`. If SQLite fails, runs it again: on a new file if the file is damaged, otherwise in memory.
    ///
    /// - Parameter refill: fills the new database, which is empty, before `body` runs on it.
    ///
    /// Throws `RunIndexError.refused`, `RunIndexError.failed`.
    private func attempt<Result>(
        refill: (SQLiteDatabase) throws -> Void = { _ in }, _ body: (SQLiteDatabase) throws -> Result
    ) throws -> Result {
        do {
            return try body(database)
        } catch let error as SQLiteError {
            if error.code == SQLITE_ERROR, (try? Self.checkTables(of: database)) != nil {
                throw RunIndexError.refused(reason: error.description)
            }
            if Self.isDamage(error) || error.code == SQLITE_ERROR {
                Self.remove(path)
                database = Self.open(path, patience)
            } else {
                database = Self.inMemory()
            }
        }
        do {
            try refill(database)
            return try body(database)
        } catch is SQLiteError {
            database = Self.inMemory()
        }
        do {
            try refill(database)
            return try body(database)
        } catch let error as SQLiteError {
            throw RunIndexError.failed(reason: error.description)
        }
    }

    /// Answers a query about runs below the folders. A database that replaces the present one is first read from the
    /// folders: an empty one would answer that there are no runs.
    private func answer<Result>(below roots: [String], _ query: (SQLiteDatabase) throws -> Result) throws -> Result {
        try attempt(refill: { _ = try Self.update($0, below: roots) }, query)
    }

    // MARK: Updating from the folders

    /// The changes made by `update`.
    public struct Changes: Equatable, Sendable {
        public var runs = 0
        /// Runs that were read.
        public var read = 0
        /// Runs that no longer exist on disk.
        public var removed = 0
    }

    /// Updates the index from the runs below the folders.
    ///
    /// - Parameter rebuilds: whether to read all runs, changed or not.
    @discardableResult
    public func update(_ roots: [String], rebuilds: Bool = false) throws -> Changes {
        try attempt { try Self.update($0, below: roots.map { SweepPaths.absolute($0) }, rebuilds: rebuilds) }
    }

    private static func update(
        _ database: SQLiteDatabase, below roots: [String], rebuilds: Bool = false
    ) throws -> Changes {
        let folders = Array(Set(roots.flatMap { RunWalk.folders(below: $0) })).sorted { $0.path < $1.path }
        let known = try known(database, below: roots)
        let sweeps = SweepLists()
        var changes = Changes(runs: folders.count)
        let present = Set(folders.map(\.path))
        let gone = known.keys.filter { !present.contains($0) }
        changes.removed = gone.count
        // Read in small batches: other processes wait while rows are written, not while files are read.
        var pending: [(RunFolder, mark: String, state: String, facts: [RunFact], ways: [RunFacts.Way])] = []
        func flush() throws {
            try database.write {
                for run in pending {
                    try write(run.0, run.mark, run.state, run.facts, run.ways, to: database)
                }
            }
            pending = []
        }
        for folder in folders {
            let mark = folder.mark
            let former = known[folder.path]
            let isUnchanged = former?.mark == mark && !rebuilds
            // A run recorded as running may have been killed.
            if isUnchanged, former?.state != "running" || folder.isBusy { continue }
            let found = RunFacts(folder, sweeps: sweeps)
            var facts = found.facts
            let recorded = facts.first { $0.key == "state" }?.text
            let state = folder.state(recorded: recorded)
            if state != recorded {
                facts.removeAll { $0.key == "state" }
                facts.append(RunFact("state", state))
            }
            changes.read += 1
            pending.append((folder, mark, state, facts, found.ways))
            if pending.count == 50 { try flush() }
        }
        try flush()
        if !gone.isEmpty {
            try database.write {
                let deletion = try database.prepare(deletesRun)
                for path in gone { try deletion.execute([.text(path)]) }
            }
        }
        return changes
    }

    private static func known(_ database: SQLiteDatabase, below roots: [String]) throws
        -> [String: (mark: String, state: String)]
    {
        let scope = scope(roots)
        let rows = try database.prepare("SELECT path, mark, state FROM runs WHERE \(scope.sql)").rows(scope.values) {
            ($0.text(0), (mark: $0.text(1), state: $0.text(2)))
        }
        // Paths that SQLite tells apart may be equal here: in Unicode's composed and decomposed forms, or if damaged.
        return Dictionary(rows) { $1 }
    }

    private static let deletesRun = "DELETE FROM runs WHERE path = ?"

    private static func write(
        _ folder: RunFolder, _ mark: String, _ state: String, _ facts: [RunFact], _ ways: [RunFacts.Way],
        to database: SQLiteDatabase
    ) throws {
        try database.prepare(deletesRun).execute([.text(folder.path)])
        try database.prepare("INSERT INTO runs (path, mark, state) VALUES (?, ?, ?)")
            .execute([.text(folder.path), .text(mark), .text(state)])
        let id = SQLiteValue.integer(database.lastInsertedRowID)
        let statement = try database.prepare(
            "INSERT INTO facts (run, key, text, number, setting) VALUES (?, ?, ?, ?, ?)")
        for fact in facts {
            let number = fact.number.map(SQLiteValue.real) ?? .null
            try statement.execute([
                id, .text(fact.key), .text(fact.text), number, .integer(fact.isSetting ? 1 : 0),
            ])
        }
        let identities = try database.prepare(
            "INSERT INTO identities (run, metric, identity, key, training) VALUES (?, ?, ?, ?, ?)")
        for way in ways {
            try identities.execute([
                id, .text(way.metric), .text(way.identity), .text(way.key), .integer(way.isOfTraining ? 1 : 0),
            ])
        }
    }

    /// The condition that a run lies in or below one of the folders: a search in the index of paths for each of them.
    /// Its value is the first of the statement, which may contain the condition several times.
    private static func scope(_ roots: [String]) -> (sql: String, values: [SQLiteValue]) {
        // '0' is the character after '/'. The order of a CROSS JOIN is kept.
        let sql = """
            runs.id IN (
              SELECT placed.id FROM json_each(?1) AS root CROSS JOIN runs AS placed ON placed.path = root.value
              UNION ALL
              SELECT placed.id FROM json_each(?1) AS root CROSS JOIN runs AS placed
              ON placed.path >= root.value || '/' AND placed.path < root.value || '0')
            """
        return (sql, [.text(jsonArray(roots.map { $0 == "/" ? "" : $0 }))])
    }

    // MARK: Queries

    /// The table `chosen`: for each run and metric, the key of the values that stand for the metric. They are measured
    /// in the way that most runs in the scope share; on a tie, in the way that training measured in most of them, then
    /// in the one that leads by itself in most. `SharedIdentities` decides likewise from the folders.
    private static func chosen(_ scope: String) -> String {
        """
        WITH scoped AS (
          SELECT identities.* FROM identities JOIN runs ON runs.id = identities.run WHERE \(scope)),
        shared AS (
          SELECT metric, identity, COUNT(*) AS runs, SUM(training) AS trained, SUM(key = metric) AS leading FROM scoped
          GROUP BY metric, identity),
        chosen AS (
          SELECT run, metric, key FROM (
            SELECT scoped.run, scoped.metric, scoped.key, ROW_NUMBER() OVER (
              PARTITION BY scoped.run, scoped.metric
              ORDER BY shared.runs DESC, shared.trained DESC, shared.leading DESC, length(scoped.key), scoped.key
            ) AS place
            FROM scoped JOIN shared USING (metric, identity))
          WHERE place = 1)
        """
    }

    /// The runs below the folders that match a query, with some of their facts.
    ///
    /// The values of a metric are those measured in the way that most runs below the folders share.
    ///
    /// - Parameters:
    ///   - sort: a key to sort by, ascending; runs without it come last. By path if nil.
    ///   - keys: the requested facts.
    public func runs(
        below roots: [String], where query: RunQuery? = nil, sort: RunSort? = nil, keys: [String]
    ) throws -> [Row] {
        let roots = roots.map { SweepPaths.absolute($0) }
        return try answer(below: roots) { database in
            try database.read {
                let found = try Self.matches(database, below: roots, query, sort)
                let facts = try database.prepare(
                    "SELECT key, text, number FROM facts WHERE run = ? AND key IN (SELECT value FROM json_each(?))")
                let asksForMetrics = keys.contains { FactKey.metric(of: $0) != nil }
                let others = asksForMetrics ? try Self.keysOfMetrics(database, below: roots) : [:]
                return try found.map { run in
                    var texts: [String: String] = [:]
                    var numbers: [String: Double] = [:]
                    // The requested keys by those under which this run has the values.
                    var asked: [String: [String]] = [:]
                    for key in keys {
                        let metric = FactKey.metric(of: key)
                        let other = metric.flatMap { metric in others[run.id]?[metric.key].map { $0 + metric.ending } }
                        asked[other ?? key, default: []].append(key)
                    }
                    let rows = try facts.rows([.integer(run.id), .text(Self.jsonArray(Array(asked.keys)))]) {
                        (key: $0.text(0), text: $0.text(1), number: $0.real(2))
                    }
                    for row in rows {
                        for key in asked[row.key] ?? [] {
                            texts[key] = row.text
                            numbers[key] = row.number
                        }
                    }
                    return Row(run: RunFolder(path: run.path), facts: texts, numbers: numbers)
                }
            }
        }
    }

    /// The runs below the folders that match a query, in order.
    private static func matches(
        _ database: SQLiteDatabase, below roots: [String], _ query: RunQuery?, _ sort: RunSort?
    ) throws -> [(id: Int64, path: String)] {
        let scope = scope(roots)
        var sql = chosen(scope.sql) + " SELECT runs.id, runs.path FROM runs"
        var values = scope.values
        if let sort {
            var key = FactKey()
            sql += " LEFT JOIN facts AS sorted ON sorted.run = runs.id AND sorted.key = \(key.sql(sort.key))"
            values += key.values
        }
        sql += " WHERE \(scope.sql)"
        if let query {
            var condition = QueryCondition()
            sql += " AND " + condition.sql(query)
            values += condition.values
        }
        if let sort {
            let way = sort.isFalling ? "DESC" : "ASC"
            sql += " ORDER BY sorted.text IS NULL, sorted.number IS NULL, sorted.number \(way), sorted.text \(way),"
        } else {
            sql += " ORDER BY"
        }
        sql += " runs.path"
        return try database.prepare(sql).rows(values) { ($0.integer(0), $0.text(1)) }
    }

    /// For runs that measured a metric in several ways: the keys of the values that stand for their metrics.
    private static func keysOfMetrics(_ database: SQLiteDatabase, below roots: [String]) throws
        -> [Int64: [String: String]]
    {
        let scope = scope(roots)
        var keys: [Int64: [String: String]] = [:]
        let rows = try database.prepare(
            chosen(scope.sql) + " SELECT run, metric, key FROM chosen WHERE key <> metric"
        ).rows(scope.values) { (run: $0.integer(0), metric: $0.text(1), key: $0.text(2)) }
        for row in rows { keys[row.run, default: [:]][row.metric] = row.key }
        return keys
    }

    /// All keys of facts of runs below the folders, sorted.
    ///
    /// - Parameter settings: whether to list only keys of configs.
    public func keys(below roots: [String], settings: Bool = false) throws -> [String] {
        let roots = roots.map { SweepPaths.absolute($0) }
        return try answer(below: roots) { database in
            let scope = Self.scope(roots)
            return try database.prepare(
                "SELECT DISTINCT key FROM facts JOIN runs ON runs.id = facts.run WHERE \(scope.sql) "
                    + (settings ? "AND setting " : "") + "ORDER BY key"
            ).rows(scope.values) { $0.text(0) }
        }
    }

    /// A note on each key that no run below the folders has, with the nearest key as a suggestion.
    public func notes(onUnknown keys: [String], below roots: [String]) throws -> [String] {
        let known = try self.keys(below: roots)
        guard !known.isEmpty else { return [] }
        return Set(keys).subtracting(known).sorted().map { key in
            "no run here has '\(key)'" + (nearestName(to: key, in: known).map { ". Did you mean '\($0)'?" } ?? "")
        }
    }

    private static func jsonArray(_ keys: [String]) -> String {
        let data = try? JSONEncoder().encode(keys)
        return String(decoding: data ?? Data("[]".utf8), as: UTF8.self)
    }
}

/// An order of runs.
public struct RunSort: Equatable, Sendable {
    public let key: String
    /// Whether the order is descending.
    public let isFalling: Bool

    /// Reads `KEY`, or `-KEY` for descending order.
    public init(_ text: String) {
        isFalling = text.hasPrefix("-")
        key = isFalling ? String(text.dropFirst()) : text
    }
}

/// A query in SQL; user input is passed only as bound values.
private struct QueryCondition {
    private(set) var values: [SQLiteValue] = []

    mutating func sql(_ query: RunQuery) -> String {
        switch query {
        case .and(let first, let second): "(\(sql(first)) AND \(sql(second)))"
        case .or(let first, let second): "(\(sql(first)) OR \(sql(second)))"
        case .not(let inner): "(NOT \(sql(inner)))"
        case .has(let key): exists(key, "text <> 'false'")
        case .comparison(let key, let comparison, .number(let number, let word)):
            switch comparison {
            case .equal: exists(key, "(number = ? OR number IS NULL AND text = ?)", .real(number), .text(word))
            case .notEqual: exists(key, "(number <> ? OR number IS NULL AND text <> ?)", .real(number), .text(word))
            default:
                // Dates begin with a number, and their order is that of their texts.
                exists(
                    key,
                    "(number \(comparison.sql) ? OR number IS NULL AND text GLOB '[0-9]*' AND text \(comparison.sql) ?)",
                    .real(number), .text(word))
            }
        case .comparison(let key, let comparison, .text(let text)):
            switch comparison {
            case .contains: exists(key, "instr(lower(text), lower(?)) > 0", .text(text))
            case .equal, .notEqual: exists(key, "text \(comparison.sql) ?", .text(text))
            // The order of numbers is not that of their digits.
            default: exists(key, "number IS NULL AND text \(comparison.sql) ?", .text(text))
            }
        }
    }

    private mutating func exists(_ key: String, _ condition: String, _ bound: SQLiteValue...) -> String {
        var place = FactKey()
        let sql = place.sql(key)
        values += place.values
        values += bound
        return "EXISTS (SELECT 1 FROM facts WHERE run = runs.id AND key = \(sql) AND \(condition))"
    }
}

/// The key of a fact in SQL, for each run of the table `runs`. The key of a metric stands for the identity in `chosen`.
private struct FactKey {
    private(set) var values: [SQLiteValue] = []

    mutating func sql(_ key: String) -> String {
        guard let (metric, ending) = Self.metric(of: key) else {
            values = [.text(key)]
            return "?"
        }
        values = [.text(metric), .text(metric), .text(ending)]
        return "coalesce((SELECT key FROM chosen WHERE chosen.run = runs.id AND chosen.metric = ?), ?) || ?"
    }

    /// A metric's key and what is asked of it: `metric.fid-lenet` and `.last`. Nil if the key asks for one identity or
    /// is no metric's.
    static func metric(of key: String) -> (key: String, ending: String)? {
        guard EvaluationCurve.isKey(key), !key.contains("@") else { return nil }
        let metric = RunListing.metric(key)
        return (metric, String(key.dropFirst(metric.count)))
    }
}

extension RunQuery.Comparison {
    fileprivate var sql: String {
        switch self {
        case .equal: "="
        case .notEqual: "<>"
        case .less: "<"
        case .lessOrEqual: "<="
        case .greater: ">"
        case .greaterOrEqual: ">="
        case .contains: preconditionFailure("a substring search is not an SQL comparison")
        }
    }
}
