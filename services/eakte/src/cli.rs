// SPDX-License-Identifier: EUPL-1.2
//! The command line. Exit codes: 0 all good, 1 a negative verdict or failure, 2 usage, 3 some items unreadable,
//! 10 not initialised, 11 data directory in use, 12 not allowed; any other code means failure.

mod init;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use nachrichten::ablaeufe::Umzug;
use service_platform::config::Config;

use crate::{ausgabe, befehle, exit};

pub use init::{InitArgs, InitBefehl, UebungBefehl};

#[derive(Parser)]
#[command(
    name = "eakte",
    version,
    about = "E-Akte: Posteingang, E-Rechnung, Beschlusswesen",
    disable_help_subcommand = true
)]
struct Cli {
    #[command(subcommand)]
    befehl: Befehl,
}

/// Where the data lies and which settings hold.
#[derive(Args, Clone, Debug)]
pub struct Ort {
    /// Data directory
    #[arg(long, env = "EAKTE_DATA")]
    pub data: Option<PathBuf>,
    /// Configuration file (TOML)
    #[arg(long)]
    pub config: Option<PathBuf>,
    /// The training Mandant, a world of its own
    #[arg(long)]
    pub uebung: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum KanalArg {
    Scan,
    Mail,
    Upload,
}

#[derive(Subcommand)]
enum Befehl {
    /// Set up: a wizard; with a command below: organisation, separator sheets, training Mandant
    Init(Box<InitArgs>),
    /// Run all services in one process
    Serve {
        #[command(flatten)]
        ort: Ort,
        /// Address of portal and API; port 0 takes a free one
        #[arg(long, env = "EAKTE_LISTEN")]
        listen: Option<String>,
        /// Sample city: a login per role without password, movable clock, sample post
        #[arg(long)]
        demo: bool,
    },
    /// Run some services
    Run {
        #[arg(required = true)]
        service: Vec<String>,
        #[command(flatten)]
        ort: Ort,
    },
    /// Make or update the tables, and the database roles of the services
    Migrate {
        #[command(flatten)]
        ort: Ort,
    },
    /// Hand in files
    Intake {
        #[arg(required = true)]
        files: Vec<PathBuf>,
        #[command(flatten)]
        ort: Ort,
        /// A running server, with $EAKTE_TOKEN
        #[arg(long, conflicts_with = "data")]
        url: Option<String>,
        #[arg(long, value_enum, default_value = "scan")]
        channel: KanalArg,
        /// Until every item is settled
        #[arg(long)]
        wait: bool,
        #[arg(long)]
        json: bool,
    },
    /// Look at a document
    #[command(subcommand)]
    Document(DocumentBefehl),
    /// Recognise text and write a searchable PDF/A
    Ocr {
        file: PathBuf,
        #[arg(short)]
        output: PathBuf,
        /// Also the text, pages separated by form feed
        #[arg(long)]
        text: Option<PathBuf>,
        #[arg(long)]
        json: bool,
    },
    /// Check or show e-invoices
    #[command(subcommand)]
    Invoice(InvoiceBefehl),
    /// Check a process
    #[command(subcommand)]
    Workflow(WorkflowBefehl),
    /// Decision tables
    #[command(subcommand)]
    Dmn(DmnBefehl),
    /// The audit trail
    #[command(subcommand)]
    Audit(AuditBefehl),
    /// Compare database, blobs and audit trail; changes none of them
    Reconcile {
        #[command(flatten)]
        ort: Ort,
        /// Journal of the load driver: one JSON object per line with sha256 and receipt
        #[arg(long)]
        journal: Option<PathBuf>,
        #[arg(long)]
        json: bool,
    },
    /// Back up database, documents and journal together; check and put back
    #[command(subcommand)]
    Backup(BackupBefehl),
    /// Show every setting with its origin
    Config {
        #[command(flatten)]
        ort: Ort,
        #[arg(long)]
        json: bool,
    },
    /// Accounts
    #[command(subcommand)]
    Account(AccountBefehl),
    /// Fill a data directory with sample documents, for measurements
    DemoSeed {
        count: usize,
        #[command(flatten)]
        ort: Ort,
    },
}

#[derive(Subcommand)]
pub enum DocumentBefehl {
    /// Facts and renditions of a document
    Show {
        id: String,
        #[command(flatten)]
        ort: Ort,
        #[arg(long)]
        json: bool,
    },
    /// The bytes of a rendition: original, pdfa, text, invoice-html
    Get {
        id: String,
        #[arg(long, default_value = "original")]
        rendition: String,
        #[arg(short)]
        output: Option<PathBuf>,
        #[command(flatten)]
        ort: Ort,
        #[arg(long)]
        json: bool,
    },
}

#[derive(Subcommand)]
pub enum InvoiceBefehl {
    /// One line per file: scenario, findings, verdict
    Check {
        #[arg(required = true)]
        files: Vec<PathBuf>,
        #[arg(long)]
        json: bool,
        /// Largest XML in bytes
        #[arg(long)]
        max_bytes: Option<usize>,
    },
    /// A readable German invoice
    Show {
        file: PathBuf,
        #[arg(long)]
        html: PathBuf,
    },
}

#[derive(Subcommand)]
pub enum WorkflowBefehl {
    /// Errors and warnings of a BPMN file
    Check {
        file: PathBuf,
        #[arg(long)]
        json: bool,
    },
    /// Run conformance cases
    Trace {
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// sqlite:DIR or postgres:URL; in memory without it
        #[arg(long)]
        durable: Option<String>,
        /// Engine processes that take turns on one database
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=2))]
        engines: u32,
        /// A new engine for every act
        #[arg(long)]
        restart_each_commit: bool,
        #[arg(long)]
        json: bool,
    },
    /// Deploy BPMN files and decision tables
    Deploy {
        #[arg(required = true)]
        files: Vec<PathBuf>,
        #[command(flatten)]
        ort: Ort,
        #[arg(long)]
        json: bool,
    },
    /// Deployed versions and how much runs on them
    List {
        #[command(flatten)]
        ort: Ort,
        #[arg(long)]
        json: bool,
    },
    /// Where a running process stands
    Show {
        id: String,
        #[command(flatten)]
        ort: Ort,
        #[arg(long)]
        json: bool,
    },
    /// Move what runs on one version to another: all or nothing
    Migrate {
        process: String,
        #[arg(long)]
        from: u32,
        #[arg(long)]
        to: u32,
        /// OLD=NEW for steps whose id changed
        #[arg(long = "map", value_name = "OLD=NEW")]
        map: Vec<String>,
        /// Only tell what would happen
        #[arg(long)]
        dry_run: bool,
        #[arg(long, default_value = "")]
        reason: String,
        #[command(flatten)]
        ort: Ort,
        #[arg(long)]
        json: bool,
    },
    /// Stopped steps: list them, or try one again
    Incident {
        /// Incidents to try again; without any they are listed
        ids: Vec<String>,
        #[arg(long, default_value = "")]
        reason: String,
        #[command(flatten)]
        ort: Ort,
        #[arg(long)]
        json: bool,
    },
    /// The second process of a trace
    #[command(hide = true)]
    Engine { welt: String },
}

#[derive(Subcommand)]
pub enum DmnBefehl {
    /// The value of a decision for an input
    Eval {
        file: PathBuf,
        /// Id or name of the decision
        #[arg(long)]
        decision: String,
        /// A JSON object
        #[arg(long)]
        input: String,
    },
    /// Test cases of the DMN Technology Compatibility Kit, all folders below
    Tck {
        folder: PathBuf,
        #[arg(long)]
        json: bool,
    },
}

#[derive(Subcommand)]
pub enum BackupBefehl {
    /// Make a backup beside running services
    Create {
        /// Keeps all backups; documents lie there once
        folder: PathBuf,
        #[command(flatten)]
        ort: Ort,
        #[arg(long)]
        json: bool,
    },
    /// Read a backup whole
    Verify {
        folder: PathBuf,
        /// One of its states; the newest without it
        #[arg(long)]
        state: Option<String>,
        #[arg(long)]
        json: bool,
    },
    /// Put a backup back into an empty place
    Restore {
        folder: PathBuf,
        /// One of its states; the newest without it
        #[arg(long)]
        state: Option<String>,
        #[command(flatten)]
        ort: Ort,
        #[arg(long)]
        json: bool,
    },
}

#[derive(Subcommand)]
pub enum AuditBefehl {
    /// Check all chains and seals
    Verify {
        #[command(flatten)]
        ort: Ort,
        #[arg(long)]
        json: bool,
    },
}

#[derive(Subcommand)]
pub enum AccountBefehl {
    /// Enter a person; the password is read from standard input
    Add {
        kennung: String,
        #[arg(long)]
        name: String,
        #[arg(long, default_value = "")]
        amt: String,
        #[arg(long = "rolle")]
        rollen: Vec<String>,
        #[arg(long = "gruppe")]
        gruppen: Vec<String>,
        /// Where notices go
        #[arg(long)]
        mail: Option<String>,
        #[command(flatten)]
        ort: Ort,
    },
    /// Enter the sample city's persons, all with the password that is read from standard input
    Samples {
        #[command(flatten)]
        ort: Ort,
    },
    /// A new password for a person, read from standard input
    Password {
        kennung: String,
        #[command(flatten)]
        ort: Ort,
    },
    /// An API token of a person, shown once
    Token {
        kennung: String,
        #[arg(long, default_value_t = 90)]
        days: i64,
        #[command(flatten)]
        ort: Ort,
    },
}

/// Reads the settings and makes the data directory's path of them.
pub fn settings(ort: &Ort) -> Result<(Config, PathBuf), u8> {
    let unreadable = |error: service_platform::config::ConfigError| {
        ausgabe::say(&format!("Die Konfiguration ist nicht lesbar: {error}"));
        exit::USAGE
    };
    let mut config = Config::load(ort.config.as_deref(), std::env::vars()).map_err(unreadable)?;
    if ort.uebung || config.settings.uebung.aktiv {
        // The folder that --data names is the real one's; training lies beside it.
        if let Some(data) = &ort.data {
            config.settings.data = data.display().to_string();
        }
        config.settings = config.settings.for_training().map_err(unreadable)?;
        let data = PathBuf::from(&config.settings.data);
        return Ok((config, data));
    }
    let data = ort.data.clone().unwrap_or_else(|| PathBuf::from(&config.settings.data));
    Ok((config, data))
}

/// Runs the command line of this process; returns the exit code.
pub fn run() -> u8 {
    let cli = Cli::parse();
    let result = match cli.befehl {
        Befehl::Init(args) => befehle::init::run(*args),
        Befehl::Serve { ort, listen, demo } => befehle::serve::run(&ort, listen, demo),
        Befehl::Run { service, ort } => befehle::run::run(&service, &ort),
        Befehl::Migrate { ort } => befehle::migrate::run(&ort),
        Befehl::Intake { files, ort, url, channel, wait, json } => {
            befehle::intake::run(&befehle::intake::Auftrag { files, ort, url, channel, wait, json })
        }
        Befehl::Document(befehl) => befehle::document::run(befehl),
        Befehl::Ocr { file, output, text, json } => befehle::ocr::run(&file, &output, text.as_deref(), json),
        Befehl::Invoice(befehl) => befehle::invoice::run(befehl),
        Befehl::Workflow(WorkflowBefehl::Check { file, json }) => befehle::workflow::check(&file, json),
        Befehl::Workflow(WorkflowBefehl::Trace { files, durable, engines, restart_each_commit, json }) => {
            let art = befehle::spur::Art { durable, engines, restart: restart_each_commit };
            befehle::spur::run(&files, &art, json)
        }
        Befehl::Workflow(WorkflowBefehl::Deploy { files, ort, json }) => befehle::workflow::deploy(&files, &ort, json),
        Befehl::Workflow(WorkflowBefehl::List { ort, json }) => befehle::workflow::list(&ort, json),
        Befehl::Workflow(WorkflowBefehl::Show { id, ort, json }) => befehle::workflow::show(&id, &ort, json),
        Befehl::Workflow(WorkflowBefehl::Migrate { process, from, to, map, dry_run, reason, ort, json }) => {
            let (schritte, probe) = (befehle::workflow::pairs(&map), dry_run);
            let umzug = schritte.map(|schritte| Umzug { process, von: from, nach: to, schritte, probe, grund: reason });
            umzug.and_then(|umzug| befehle::workflow::migrate(&umzug, &ort, json))
        }
        Befehl::Workflow(WorkflowBefehl::Incident { ids, reason, ort, json }) => {
            befehle::workflow::incident(&ids, &reason, &ort, json)
        }
        Befehl::Workflow(WorkflowBefehl::Engine { welt }) => befehle::spur::serve(&welt),
        Befehl::Dmn(DmnBefehl::Eval { file, decision, input }) => befehle::dmn::eval(&file, &decision, &input),
        Befehl::Dmn(DmnBefehl::Tck { folder, json }) => befehle::dmn::tck(&folder, json),
        Befehl::Audit(AuditBefehl::Verify { ort, json }) => befehle::audit::verify(&ort, json),
        Befehl::Reconcile { ort, journal, json } => befehle::reconcile::run(&ort, journal.as_deref(), json),
        Befehl::Backup(befehl) => befehle::backup::run(befehl),
        Befehl::Config { ort, json } => befehle::config(&ort, json),
        Befehl::Account(befehl) => befehle::account::run(befehl),
        Befehl::DemoSeed { count, ort } => befehle::account::seed(count, &ort),
    };
    result.unwrap_or_else(|code| code)
}
