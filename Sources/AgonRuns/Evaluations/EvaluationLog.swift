import AgonConfiguration
import AgonTensors
import Foundation

/// The file of a run's evaluations, `evaluations.jsonl`: a line for each value, each with a checksum.
///
/// A run and `agon evaluate` may write at the same time: each locks the file while it writes, and reopens it if it was
/// replaced while waiting.
package struct EvaluationLog {
    package struct Contents {
        /// Intact lines with their values, in file order.
        fileprivate(set) var lines: [(text: ArraySlice<UInt8>, value: EvaluationValue)] = []
        /// The numbers (from 1) of lines that do not match their checksum.
        package fileprivate(set) var damaged: [Int] = []
        /// The bytes after the last complete line: an entry that was cut short when the process was killed.
        package fileprivate(set) var rest: ArraySlice<UInt8> = []

        package var values: [EvaluationValue] { lines.map(\.value) }
        /// Whether any line is damaged or cut short.
        package var isDamaged: Bool { !damaged.isEmpty || !rest.isEmpty }

        init(_ bytes: [UInt8]) {
            var rest = bytes[...]
            var number = 0
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                number += 1
                let text = rest[..<end]
                if let value = Self.value(of: text) { lines.append((text, value)) } else { damaged.append(number) }
                rest = rest[(end + 1)...]
            }
            self.rest = rest
        }

        private static func value(of line: ArraySlice<UInt8>) -> EvaluationValue? {
            let verdict = SealedText.verdict(on: line)
            guard verdict != .damaged,
                let node = try? ConfigNode.parse(String(decoding: line, as: UTF8.self), file: "evaluations"),
                let value = EvaluationValue(node: node)
            else { return nil }
            // Lines of older versions have exactly these members. Any other member is a damaged checksum.
            let written = Set(value.node.object?.members.map(\.key) ?? [])
            let isKnown = node.object?.members.allSatisfy { written.contains($0.key) } ?? false
            return verdict == .whole || isKnown ? value : nil
        }
    }

    let path: String

    package init(path: String) { self.path = path }

    /// Reads the file; a missing file is empty.
    ///
    /// Throws `TensorsError.cannotRead`.
    package func read() throws -> Contents { Contents(try FileSystem.contents(of: path) ?? []) }

    /// Appends values and synchronises the file. On failure the file is unchanged.
    ///
    /// - Parameter isRepeated: whether values that the file already contains are written again.
    ///
    /// Throws `TensorsError.cannotWrite`, `TensorsError.cannotRead`.
    package func append(_ values: [EvaluationValue], isRepeated: Bool = true) throws {
        guard !values.isEmpty else { return }
        try whileLocked { file in
            let contents = try read()
            if !contents.rest.isEmpty { try file.truncate(to: contents.rest.startIndex) }
            let known = isRepeated ? [] : contents.values
            let new = values.filter { !known.contains($0) }
            try file.append(new.flatMap { Array((SealedText.sealed($0.node.lineText) + "\n").utf8) })
            try file.synchronise()
        }
    }

    /// Removes values of steps after `step`; a run that resumes from `step` measures them again.
    ///
    /// Throws `RunError.damaged` for a line that does not match its checksum, `TensorsError.cannotWrite`,
    /// `TensorsError`.
    package func keep(through step: Int) throws {
        try whileLocked { file in
            let contents = try read()
            if let number = contents.damaged.first {
                throw RunError.damaged(
                    path: path,
                    problem: "line \(number) does not match its checksum; delete the line to continue without it")
            }
            let kept = contents.lines.filter { $0.value.step <= step }
            guard kept.count < contents.lines.count else {
                if !contents.rest.isEmpty { try file.truncate(to: contents.rest.startIndex) }
                return
            }
            try AtomicFile.write(path: path, bytes: kept.flatMap { $0.text + [UInt8(ascii: "\n")] })
        }
    }

    private func whileLocked(_ body: (borrowing AppendedFile) throws -> Void) throws {
        while true {
            let file = try AppendedFile(path: path)
            if file.lock() { return try body(file) }
        }
    }
}

extension RunFolder {
    /// The file with a line for each measured value, during training and after.
    public var evaluationsPath: String { path + "/evaluations.jsonl" }

    /// All measured values of the run, in file order. If a value was measured repeatedly, only the last is included.
    /// Damaged lines are skipped.
    public var evaluations: [EvaluationValue] {
        let values = (try? EvaluationLog(path: evaluationsPath).read())?.values ?? []
        var known: Set<EvaluationValue.Place> = []
        return values.reversed().filter { known.insert($0.place).inserted }.reversed()
    }

    /// A one-line message for the user about damage to the file of evaluations; nil if the file is intact.
    public var evaluationDamage: String? {
        guard let lines = (try? EvaluationLog(path: evaluationsPath).read())?.damaged, !lines.isEmpty else {
            return nil
        }
        let numbers = lines.prefix(5).map(String.init).joined(separator: ", ") + (lines.count > 5 ? ", ..." : "")
        return "\(evaluationsPath): damaged: line \(numbers) does not match its checksum; ignored"
    }

    /// Appends values that the run's file does not contain yet.
    ///
    /// Throws `TensorsError.cannotWrite`, `TensorsError.cannotRead`.
    package func record(_ values: [EvaluationValue]) throws {
        let known = evaluations
        // If there is nothing new, nothing is written, so read-only folders work.
        guard !values.allSatisfy(known.contains) else { return }
        try EvaluationLog(path: evaluationsPath).append(values, isRepeated: false)
    }
}
