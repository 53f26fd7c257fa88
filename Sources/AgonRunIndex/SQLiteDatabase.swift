import CAgonSQLite

/// A failed call of SQLite.
struct SQLiteError: Error, CustomStringConvertible {
    /// The primary result code, such as `SQLITE_BUSY`.
    let code: Int32
    let description: String
}

/// A value of a statement's parameter.
enum SQLiteValue {
    case integer(Int64)
    case real(Double)
    case text(String)
    case null
}

/// A connection to an SQLite file. Foreign keys are enforced.
final class SQLiteDatabase {
    fileprivate let connection: OpaquePointer

    /// Opens a file, which is created if it is missing.
    ///
    /// - Parameters:
    ///   - path: the file; `:memory:` for a database in memory.
    ///   - busyTimeout: how many seconds a call waits for other connections.
    /// - Throws: `SQLiteError`, as all methods do.
    init(path: String, busyTimeout: Double = 0) throws {
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(path, &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nil)
        guard let opened else { throw SQLiteError(code: code, description: "SQLite has no memory for a connection") }
        // The connection of a failed call exists for its message; `deinit` closes it.
        connection = opened
        try check(code)
        sqlite3_busy_timeout(connection, Int32(busyTimeout * 1000))
        try execute("PRAGMA foreign_keys = ON")
    }

    deinit { sqlite3_close_v2(connection) }

    /// Executes statements that have no parameters.
    func execute(_ script: String) throws {
        try check(sqlite3_exec(connection, script, nil, nil, nil))
    }

    func prepare(_ sql: String) throws -> SQLiteStatement { try SQLiteStatement(sql, self) }

    /// Reads in one transaction, so that all statements see the same state.
    func read<Result>(_ body: () throws -> Result) throws -> Result { try transaction("DEFERRED", body) }

    /// Writes in one transaction, which an error takes back.
    func write<Result>(_ body: () throws -> Result) throws -> Result { try transaction("IMMEDIATE", body) }

    private func transaction<Result>(_ kind: String, _ body: () throws -> Result) throws -> Result {
        try execute("BEGIN \(kind)")
        do {
            let result = try body()
            try execute("COMMIT")
            return result
        } catch {
            // After some errors, SQLite has taken the transaction back by itself.
            if sqlite3_get_autocommit(connection) == 0 { try? execute("ROLLBACK") }
            throw error
        }
    }

    var lastInsertedRowID: Int64 { sqlite3_last_insert_rowid(connection) }

    fileprivate func check(_ code: Int32) throws {
        guard code == SQLITE_OK else {
            throw SQLiteError(code: code & 0xFF, description: String(cString: sqlite3_errmsg(connection)))
        }
    }
}

/// A compiled statement, which can be executed repeatedly with other values.
final class SQLiteStatement {
    private let database: SQLiteDatabase
    private let statement: OpaquePointer

    fileprivate init(_ sql: String, _ database: SQLiteDatabase) throws {
        var prepared: OpaquePointer?
        try database.check(sqlite3_prepare_v2(database.connection, sql, -1, &prepared, nil))
        guard let prepared else { preconditionFailure("an SQL text without a statement: \(sql)") }
        statement = prepared
        self.database = database
    }

    deinit { sqlite3_finalize(statement) }

    /// Executes a statement that returns no rows.
    func execute(_ values: [SQLiteValue] = []) throws {
        try forEachRow(values) { _ in }
    }

    /// What `body` makes of each row.
    func rows<Element>(_ values: [SQLiteValue] = [], _ body: (SQLiteRow) throws -> Element) throws -> [Element] {
        var elements: [Element] = []
        try forEachRow(values) { elements.append(try body($0)) }
        return elements
    }

    private func forEachRow(_ values: [SQLiteValue], _ body: (SQLiteRow) throws -> Void) throws {
        defer { sqlite3_reset(statement) }
        for (index, value) in values.enumerated() { try bind(value, at: Int32(index + 1)) }
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW: try body(SQLiteRow(statement: statement))
            case SQLITE_DONE: return
            case let code: try database.check(code)
            }
        }
    }

    private func bind(_ value: SQLiteValue, at index: Int32) throws {
        // SQLITE_TRANSIENT, which Swift does not import: SQLite copies the text.
        let copies = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        let code =
            switch value {
            case .integer(let integer): sqlite3_bind_int64(statement, index, integer)
            case .real(let real): sqlite3_bind_double(statement, index, real)
            case .text(let text): sqlite3_bind_text(statement, index, text, Int32(text.utf8.count), copies)
            case .null: sqlite3_bind_null(statement, index)
            }
        try database.check(code)
    }
}

/// The current row of a statement; columns count from 0.
struct SQLiteRow {
    fileprivate let statement: OpaquePointer

    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }

    /// The column's number; nil if it is null.
    func real(_ column: Int32) -> Double? {
        sqlite3_column_type(statement, column) == SQLITE_NULL ? nil : sqlite3_column_double(statement, column)
    }

    /// The column as text; empty if it is null.
    func text(_ column: Int32) -> String {
        let bytes = UnsafeBufferPointer(
            start: sqlite3_column_text(statement, column), count: Int(sqlite3_column_bytes(statement, column)))
        return String(decoding: bytes, as: UTF8.self)
    }
}
