import AgonConfiguration
import AgonRuns
import AgonTensors
import Foundation

/// The contents of `trials/ID/done`: how a finished trial ended.
package struct TrialStamp: Record {
    package private(set) var state = TrialStatus.State.done
    package private(set) var step: Int?
    /// Why it was ended early, or a remark, in one line.
    package private(set) var reason: String?

    package init() {}

    package init(state: TrialStatus.State, step: Int, reason: String?) {
        self.state = state
        self.step = step
        self.reason = reason
    }

    package static var fields: [RecordField<TrialStamp>] {
        [.value("state", \.state), .optional("step", \.step), .nullable("reason", \.reason)]
    }
}

extension TrialFolder {
    /// The stamp; nil for a trial that is not finished.
    package var stamp: TrialStamp? { (try? ConfigNode.load(path: donePath)).flatMap(TrialStamp.init(node:)) }

    /// Removes what stands in the place of the stamp, such as one that a full disk cut short. The trial then runs
    /// again, and ends at once if its training is complete.
    ///
    /// Throws `TensorsError.cannotWrite`.
    package func removeDamagedStamp() throws {
        guard FileSystem.exists(donePath) else { return }
        do {
            try FileManager.default.removeItem(atPath: donePath)
        } catch {
            throw TensorsError.cannotWrite(path: donePath, code: SystemFault.code(of: error) ?? EIO)
        }
    }

    /// Throws `TensorsError.cannotWrite`.
    package func write(_ stamp: TrialStamp) throws { try AtomicFile.write(path: donePath, text: stamp.node.prettyText) }

    /// Why the trial failed last time, in one line; nil if it did not fail.
    package var failure: String? {
        FileManager.default.contents(atPath: failurePath).map {
            String(decoding: $0, as: UTF8.self).split(separator: "\n").first.map(String.init) ?? ""
        }
    }

    /// Throws `TensorsError.cannotWrite`.
    package func write(failure reason: String) throws { try AtomicFile.write(path: failurePath, text: reason + "\n") }
}
