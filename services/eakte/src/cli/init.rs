// SPDX-License-Identifier: EUPL-1.2
//! Words and options of `eakte init`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Ort;

/// What the wizard asks; every answer may stand on the command line.
#[derive(Args, Clone, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct InitArgs {
    #[command(subcommand)]
    pub befehl: Option<InitBefehl>,
    /// Folder for eakte.toml and the data
    #[arg(long, conflicts_with = "config")]
    pub dir: Option<PathBuf>,
    /// Configuration file to write
    #[arg(long)]
    pub config: Option<PathBuf>,
    /// Name of the city
    #[arg(long)]
    pub stadt: Option<String>,
    /// Leitweg-ID of the city; empty: none yet
    #[arg(long)]
    pub leitweg: Option<String>,
    /// Kennung of the first administrator
    #[arg(long)]
    pub administrator: Option<String>,
    /// Full name of the first administrator
    #[arg(long = "administrator-name")]
    pub administrator_name: Option<String>,
    /// File with the administrator's password, "-": standard input; without it one is made and shown once
    #[arg(long = "passwort-datei")]
    pub passwort_datei: Option<PathBuf>,
    /// Address of the portal
    #[arg(long)]
    pub listen: Option<String>,
    /// Data directory
    #[arg(long)]
    pub daten: Option<PathBuf>,
    /// File with the address of PostgreSQL; without it everything lies in the data directory
    #[arg(long = "db-datei")]
    pub db_datei: Option<PathBuf>,
    /// File with the address of the role that owns the tables
    #[arg(long = "db-migration-datei", requires = "db_datei")]
    pub db_migration_datei: Option<PathBuf>,
    /// File with the address of RabbitMQ
    #[arg(long = "bus-datei", requires = "db_datei")]
    pub bus_datei: Option<PathBuf>,
    /// Address of the S3 server
    #[arg(long = "s3-endpoint", requires_all = ["s3_zugang", "s3_geheimnis_datei"])]
    pub s3_endpoint: Option<String>,
    /// Its bucket
    #[arg(long = "s3-bucket", default_value = "eakte")]
    pub s3_bucket: String,
    /// Access key
    #[arg(long = "s3-zugang")]
    pub s3_zugang: Option<String>,
    /// File with the secret of the access key
    #[arg(long = "s3-geheimnis-datei")]
    pub s3_geheimnis_datei: Option<PathBuf>,
    /// Ask nothing: what is not named takes its default
    #[arg(long)]
    pub ja: bool,
}

#[derive(Clone, Debug, Subcommand)]
pub enum InitBefehl {
    /// Read offices, posts, persons, Leitweg-IDs and file plan from CSV files
    Import {
        /// Folder or CSV files
        #[arg(required = true)]
        pfade: Vec<PathBuf>,
        /// Only tell what would change
        #[arg(long)]
        check: bool,
        /// Close what is no longer in the files; nothing is deleted
        #[arg(long = "fehlende-schliessen")]
        fehlende_schliessen: bool,
        #[command(flatten)]
        ort: Ort,
    },
    /// Write empty CSV files with an explained example
    Vorlagen { dir: PathBuf },
    /// Write separator sheets, one per office, as a PDF
    Trennblaetter {
        #[arg(short, long, default_value = "trennblaetter.pdf")]
        output: PathBuf,
        /// Only for this office
        #[arg(long, default_value = "")]
        amt: String,
        /// Type of document
        #[arg(long, default_value = "")]
        art: String,
        #[arg(long, default_value = "")]
        aktenzeichen: String,
        #[arg(long)]
        vertraulich: bool,
        #[command(flatten)]
        ort: Ort,
    },
    /// The training Mandant
    #[command(subcommand)]
    Uebung(UebungBefehl),
}

#[derive(Clone, Debug, Subcommand)]
pub enum UebungBefehl {
    /// Empty the training Mandant; refuses on every other database
    Zuruecksetzen {
        /// Without asking
        #[arg(long)]
        ja: bool,
        #[command(flatten)]
        ort: Ort,
    },
}
